#include "triad/bench/measure/processor_ticks.h"

#include <fstream>
#include <string>

namespace triad::bench {

ProcessorTicks processor_ticks() {
  std::ifstream stat("/proc/stat");
  std::string label;
  double user = 0, nice = 0, system = 0, idle = 0, wait = 0, irq = 0, soft_irq = 0, steal = 0;
  stat >> label >> user >> nice >> system >> idle >> wait >> irq >> soft_irq >> steal;
  const double busy = user + nice + system + irq + soft_irq + steal;
  return {.busy = busy, .stolen = steal, .total = busy + idle + wait};
}

}  // namespace triad::bench
