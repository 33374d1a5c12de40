#include "triad/train/report/numbers.h"

#include <initializer_list>

#include "triad/core/base/error.h"
#include "triad/train/report/html.h"

namespace triad::train {
namespace {

/// "speech->image" for people.
std::string with_arrow(const std::string& direction) {
  const size_t at = direction.find("->");
  return at == std::string::npos ? direction : direction.substr(0, at) + " → " + direction.substr(at + 2);
}

std::string with_spaces(std::string name) {
  for (char& c : name) {
    if (c == '_') c = ' ';
  }
  return name;
}

std::string tile(const std::string& what, double share, const std::string& baseline) {
  return str("<div class=\"tile\"><b>", percent(share), "</b><span>", escape_html(what), "</span><small>", baseline,
             "</small></div>");
}

/// A table whose first column is text and whose others are numbers.
class Table {
 public:
  Table(const std::string& title, std::initializer_list<const char*> columns)
      : html_("<h3>" + escape_html(title) + "</h3><div class=\"wide\"><table><tr>") {
    for (const char* column : columns) html_ += str("<th>", column, "</th>");
    html_ += "</tr>";
  }
  void row(const std::string& name, std::initializer_list<std::string> values) {
    html_ += "<tr><td>" + escape_html(name) + "</td>";
    for (const std::string& value : values) html_ += "<td>" + value + "</td>";
    html_ += "</tr>";
  }
  std::string html() const { return html_ + "</table></div>"; }

 private:
  std::string html_;
};

}  // namespace

std::string headline(const Evaluation& e) {
  std::string tiles;
  for (const char* direction : {"text->image", "speech->image"}) {
    const auto ranks = e.retrieval.find(direction);
    const auto right = e.right_class.find(direction);
    if (right != e.right_class.end())
      tiles +=
          tile(with_arrow(direction) + ", right class", right->second.share, "chance " + percent(right->second.chance));
    else if (ranks != e.retrieval.end())
      tiles += tile(with_arrow(direction) + ", R@1", ranks->second.r1,
                    str("R@10 ", percent(ranks->second.r10), "; R@1 by chance ", percent(ranks->second.chance)));
  }
  for (const auto& [name, probe] : e.probe)
    tiles += tile(with_spaces(name) + ", linear probe", probe.linear, "most frequent class " + percent(probe.majority));
  if (e.answers)
    tiles += tile("questions answered", e.answers->all.accuracy,
                  str("question alone ", percent(e.answers->all.question_only), ", most frequent answer ",
                      percent(e.answers->all.majority)));
  if (e.masked) tiles += tile("masked tokens", e.masked->accuracy, "most frequent token " + percent(e.masked->unigram));
  return tiles.empty() ? "" : "<div class=\"tiles\">" + tiles + "</div>";
}

std::string number_tables(const Evaluation& e) {
  std::string html;
  if (!e.retrieval.empty()) {
    Table table("Retrieval", {"query → candidates", "queries", "R@1", "R@5", "R@10", "R@1 by chance"});
    for (const auto& [direction, r] : e.retrieval)
      table.row(with_arrow(direction), {str(r.n), percent(r.r1), percent(r.r5), percent(r.r10), percent(r.chance)});
    html += table.html();
  }
  if (!e.right_class.empty()) {
    Table table("First candidate of the right class", {"query → candidates", "right", "by chance"});
    for (const auto& [direction, right] : e.right_class)
      table.row(with_arrow(direction), {percent(right.share), percent(right.chance)});
    html += table.html();
  }
  if (!e.probe.empty()) {
    Table table("Classes from frozen features",
                {"features", "linear probe", "20 nearest neighbours", "most frequent class"});
    for (const auto& [name, probe] : e.probe)
      table.row(with_spaces(name), {percent(probe.linear), percent(probe.nearest), percent(probe.majority)});
    html += table.html();
  }
  if (e.answers) {
    Table table("Questions", {"kind", "asked", "right", "from the question alone", "most frequent answer"});
    const auto row = [&](const std::string& kind, const AnswerShares& of) {
      table.row(kind, {str(of.asked), percent(of.accuracy), percent(of.question_only), percent(of.majority)});
    };
    for (const auto& [type, of_type] : e.answers->by_type) row(with_spaces(type), of_type);
    row("all", e.answers->all);
    html += table.html();
  }
  if (e.masked) {
    Table table("Masked tokens, at the end of stage 1", {"", "right", "most frequent token"});
    table.row("text", {percent(e.masked->accuracy), percent(e.masked->unigram)});
    html += table.html();
  }
  return html.empty() ? "" : "<section><h2>Numbers</h2>" + html + "</section>";
}

}  // namespace triad::train
