#include "triad/train/report/report.h"

#include <cmath>
#include <fstream>
#include <limits>
#include <sstream>

#include <gtest/gtest.h>

#include "tests/harness/data_path.h"
#include "tests/harness/message_of.h"
#include "tests/train/loop/tiny_data.h"
#include "triad/train/pretrain.h"
#include "triad/train/report/answer_section.h"
#include "triad/train/report/chart.h"
#include "triad/train/report/curves.h"
#include "triad/train/report/html.h"
#include "triad/train/report/numbers.h"
#include "triad/train/report/retrieval_section.h"

namespace triad::train {
namespace {

constexpr const char* kHostile = "<script>alert('x')</script>\" onload=\"x & \x01";

std::string content(const std::filesystem::path& file) {
  std::ostringstream out;
  out << std::ifstream(file).rdbuf();
  return out.str();
}

int count(const std::string& text, const std::string& part) {
  int n = 0;
  for (size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++n;
  return n;
}

/// What is wrong with the tags: one that is never closed, or closed out of order. Quoted attributes may hold anything.
std::string unbalanced_tag(const std::string& html) {
  std::vector<std::string> open;
  for (size_t at = html.find('<'); at != std::string::npos; at = html.find('<', at + 1)) {
    const bool closes = html[at + 1] == '/';
    const size_t first = at + 1 + (closes ? 1 : 0);
    const std::string name =
        html.substr(first, html.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789", first) - first);
    if (name.empty()) continue;
    size_t end = first;
    for (bool quoted = false; end < html.size() && (quoted || html[end] != '>'); ++end)
      if (html[end] == '"') quoted = !quoted;
    if (end == html.size()) return "<" + name + " has no end";
    at = end;
    if (name == "meta" || name == "img" || html[end - 1] == '/') continue;
    if (!closes) {
      open.push_back(name);
    } else {
      if (open.empty() || open.back() != name)
        return "</" + name + "> closes " + (open.empty() ? "nothing" : open.back());
      open.pop_back();
    }
  }
  return open.empty() ? "" : open.back() + " stays open";
}

data::Image grey_picture() { return {2, 3, 1, {0, 50, 100, 150, 200, 250}}; }

TEST(Html, EscapesWhatHasAMeaning) {
  EXPECT_EQ(escape_html("a<b>&\"c\n\x01"), "a&lt;b&gt;&amp;&quot;c\n ");
  EXPECT_EQ(escape_html("größer – 日本"), "größer – 日本");
}

TEST(Html, Base64IsThatOfRfc4648) {
  const std::vector<std::pair<std::string, std::string>> vectors = {{"", ""},
                                                                    {"f", "Zg=="},
                                                                    {"fo", "Zm8="},
                                                                    {"foo", "Zm9v"},
                                                                    {"foob", "Zm9vYg=="},
                                                                    {"fooba", "Zm9vYmE="},
                                                                    {"foobar", "Zm9vYmFy"}};
  for (const auto& [plain, encoded] : vectors) EXPECT_EQ(base64(plain), encoded);
  EXPECT_EQ(base64("\xff\xfe\xfd"), "//79");
}

TEST(Html, APictureIsInlineAndDescribed) {
  const std::string tag = picture_tag(grey_picture(), kHostile, "right");
  EXPECT_EQ(tag.find("<img class=\"right\" width=\"3\" height=\"2\" alt=\"&lt;script&gt;"), 0u) << tag;
  EXPECT_NE(tag.find("src=\"data:image/png;base64,iVBORw0KGgo"), std::string::npos);
  EXPECT_EQ(tag.find("<script"), std::string::npos);
  EXPECT_EQ(count(tag, "\" onload"), 0);
}

TEST(Chart, HasAxesLegendAndOneLineACurve) {
  const std::string chart = line_chart({.title = "loss & more", .x_label = "step", .y_label = "nats"},
                                       {{"a", {{0, 1}, {10, 2}}}, {"b", {{0, 3}, {10, std::nan("")}, {20, 2}}}});
  EXPECT_EQ(count(chart, "<polyline"), 2);
  EXPECT_NE(chart.find("loss &amp; more"), std::string::npos);
  EXPECT_NE(chart.find(">step</text>"), std::string::npos);
  EXPECT_NE(chart.find(">nats</text>"), std::string::npos);
  EXPECT_EQ(count(chart, "<i style"), 2);
  EXPECT_EQ(chart.find("nan"), std::string::npos);
  EXPECT_EQ(unbalanced_tag(chart), "");
}

TEST(Chart, IsLogarithmicWhereValuesSpanOrdersAndArePositive) {
  const auto chart = [](double low, double high) {
    return line_chart({.title = "t", .y_label = "y"}, {{"a", {{0, high}, {1, low}}}});
  };
  EXPECT_NE(chart(0.01, 1).find("log scale"), std::string::npos);
  EXPECT_EQ(chart(0.5, 1).find("log scale"), std::string::npos);
  EXPECT_EQ(chart(-0.01, 1).find("log scale"), std::string::npos);
  EXPECT_EQ(chart(0, 1).find("log scale"), std::string::npos);
  EXPECT_EQ(line_chart({.logarithmic = false}, {{"a", {{0, 1}, {1, 0.01}}}}).find("log scale"), std::string::npos);
}

TEST(Chart, OnePointNoPointsAndEqualPointsAreFine) {
  for (const std::vector<std::pair<double, double>>& points : {std::vector<std::pair<double, double>>{},
                                                               {{5, 1e-300}},
                                                               {{1, 0}, {2, 0}},
                                                               {{1, 1e300}, {2, 1e300}},
                                                               {{0, std::numeric_limits<double>::infinity()}}}) {
    const std::string chart = line_chart({.title = "t"}, {{"a", points}});
    EXPECT_EQ(unbalanced_tag(chart), "");
    EXPECT_EQ(chart.find("nan"), std::string::npos) << chart;
    EXPECT_EQ(chart.find("inf"), std::string::npos) << chart;
  }
}

TEST(Chart, NoisyCurvesAreSmoothedInFrontOfTheirPoints) {
  Curve curve{"a", {}};
  for (int i = 0; i < 40; ++i) curve.points.emplace_back(i, i % 2);
  EXPECT_EQ(count(line_chart({.noisy = true}, {curve}), "<polyline"), 2);
  EXPECT_EQ(count(line_chart({.noisy = false}, {curve}), "<polyline"), 1);
}

TEST(Curves, AStageWithOnePartShowsThatAndSharedOnesAreEndToEnd) {
  const harness::TempFolder folder;
  std::ofstream(folder / "metrics.jsonl")
      << R"({"stage":"text","step":10,"loss":2,"lr":0.1,"seconds":1,"masked_lm":2})" << "\nnoise\n[1]\n"
      << R"({"stage":"align","step":10,"loss":3,"lr":0.1,"image_text":1,"text_speech":null})" << '\n'
      << R"({"stage":"align","step":20,"loss":3,"lr":0.1,"image_text":1,"text_speech":5})" << "\n{\"sta";
  const std::string html = curves_section(folder / "metrics.jsonl");
  EXPECT_NE(html.find("Stage text: masked lm"), std::string::npos);
  EXPECT_NE(html.find("Stage align<"), std::string::npos);
  EXPECT_EQ(count(html, "<figure"), 3);                   // two stages and the learning rate
  EXPECT_NE(html.find(">30</text>"), std::string::npos);  // 20 steps after 10
  EXPECT_EQ(unbalanced_tag(html), "");
  EXPECT_EQ(curves_section(folder / "none"), "");
}

TEST(RetrievalSection, ShowsQueriesSoundsAndTheRightPicture) {
  const std::vector<FoundPicture> found = {{grey_picture(), kHostile, false, 1},
                                           {grey_picture(), "the right one", true, 17}};
  const std::string html =
      retrieval_section({{.sentence = kHostile, .found = found, .rank = 17, .candidates = 100},
                         {.sentence = "spoken", .sound = "RIFF", .found = found, .rank = 0, .candidates = 100}});
  EXPECT_EQ(html.find("<script"), std::string::npos);
  EXPECT_NE(html.find("right one at rank 17 of 100"), std::string::npos);
  EXPECT_NE(html.find("no picture is right"), std::string::npos);
  EXPECT_EQ(count(html, "<img class=\"right\""), 2);
  EXPECT_EQ(count(html, "<img"), 4);
  EXPECT_EQ(count(html, "<audio controls"), 1);
  EXPECT_LT(html.find("for written"), html.find("for sounds"));
  EXPECT_EQ(unbalanced_tag(html), "");
  EXPECT_EQ(retrieval_section({}), "");
}

TEST(AnswerSection, ShowsQuestionAnswerAndWhatWasExpected) {
  const AnswerExample right{grey_picture(), grey_picture(), "colour", "what colour", "red", "red"};
  const AnswerExample wrong{grey_picture(), grey_picture(), "count", kHostile, "one", "two"};
  const std::string html = answer_section({right, wrong});
  EXPECT_EQ(html.find("<script"), std::string::npos);
  EXPECT_EQ(count(html, "<img"), 4);
  EXPECT_EQ(count(html, "is-right"), 1);
  EXPECT_EQ(count(html, "is-wrong"), 1);
  EXPECT_NE(html.find("<b>one</b>, expected <b>two</b>"), std::string::npos);
  EXPECT_EQ(unbalanced_tag(html), "");
  EXPECT_EQ(answer_section({}), "");
}

TEST(AnswerSection, AttentionIsLight) {
  const data::Image black{2, 2, 3, std::vector<uint8_t>(12, 0)};
  const data::Image seen = under_attention(black, {1, 0, 0, 0}, 2, 2);
  ASSERT_EQ(seen.width, 128);
  const auto at = [&](int y, int x) { return seen.pixels[static_cast<size_t>((y * 128 + x) * 3)]; };
  EXPECT_EQ(at(0, 0), 0);        // attended to: as it is
  EXPECT_GT(at(127, 127), 200);  // not at all: nearly paper
  EXPECT_GT(at(40, 40), at(20, 20));
  EXPECT_EQ(under_attention(grey_picture(), {0, 0}, 1, 2).channels, 1);
  EXPECT_THROW(under_attention(black, {1, 0, 0}, 2, 2), ShapeError);
}

TEST(Numbers, StandNextToTheirBaselinesAndOnlyIfMeasured) {
  EXPECT_EQ(headline({}), "");
  EXPECT_EQ(number_tables({}), "");
  Evaluation e;
  e.retrieval["text->image"] = {.n = 1000, .r1 = 0.431, .r5 = 0.7, .r10 = 0.852, .chance = 0.001};
  e.right_class["speech->image"] = {.share = 0.97, .chance = 0.1};
  e.probe["spoken_digit"] = {.linear = 0.955, .nearest = 0.93, .majority = 0.11};
  e.answers = AnswerAccuracy{.all = {10, 0.88, 0.35, 0.2}, .by_type = {{"<b>", {10, 0.88, 0.35, 0.2}}}, .guesses = {}};
  e.masked = MaskedAccuracy{0.6, 0.12};
  const std::string tiles = headline(e), tables = number_tables(e);
  EXPECT_EQ(count(tiles, "class=\"tile\""), 5);
  for (const char* share : {"43.1", "85.2", "0.1", "97.0", "10.0", "95.5", "88.0", "35.0", "60.0", "12.0"})
    EXPECT_NE(tiles.find(str(share, "\u00a0%")), std::string::npos) << share;
  for (const char* share : {"70.0", "93.0", "20.0"})
    EXPECT_NE(tables.find(str(share, "\u00a0%")), std::string::npos) << share;
  EXPECT_EQ(count(tables, "<table>"), 5);
  EXPECT_EQ(tables.find("<td><b>"), std::string::npos);
  EXPECT_EQ(unbalanced_tag(tiles + tables), "");
}

class Report : public testing::Test {
 protected:
  std::string report_of(const TinyOptions& data, const std::string& only = "", const std::string& split = "test") {
    write_tiny_data(folder_ / "data", data);
    Recipe recipe = tiny_recipe(folder_ / "data");
    recipe.name = "a <b>bold<b> recipe";
    recipe.data.split = split;
    recipe.train.max_steps = 2;
    pretrain(recipe, {.out = folder_ / "run", .only = only});
    return content(folder_ / "run" / "report.html");
  }

  harness::TempFolder folder_;
};

TEST_F(Report, HasEverythingAndLoadsNothing) {
  const std::string html = report_of({});
  EXPECT_EQ(unbalanced_tag(html), "");
  EXPECT_EQ(html.find("<b>bold"), std::string::npos);
  for (const char* part : {"for written sentences", "for sounds", "where the model looked", "<h2>Numbers", "<h2>Curves",
                           "Stage joint", "data:audio/wav;base64,UklGR", "summary.json"})
    EXPECT_NE(html.find(part), std::string::npos) << part;
  EXPECT_EQ(count(html, "<audio"), 5);
  EXPECT_EQ(html.find("http"), std::string::npos);
  EXPECT_EQ(count(html, "src=\""), count(html, "src=\"data:"));
}

TEST_F(Report, WithoutQuestionsThereIsNoSectionOfThem) {
  const std::string html = report_of({.kind = TinyKind::digits, .held_out = "validation"}, "", "validation");
  EXPECT_EQ(unbalanced_tag(html), "");
  EXPECT_EQ(html.find("where the model looked"), std::string::npos);
  EXPECT_NE(html.find("speech → image, right class"), std::string::npos);
  EXPECT_NE(html.find("for sounds"), std::string::npos);
}

TEST_F(Report, OfStage1TextShowsMaskedTokens) {
  const std::string html = report_of({}, "text");
  EXPECT_EQ(unbalanced_tag(html), "");
  EXPECT_EQ(html.find("Pictures found"), std::string::npos);
  EXPECT_NE(html.find("masked tokens"), std::string::npos);
}

TEST_F(Report, WithoutASummaryThereIsAnError) {
  std::filesystem::create_directories(folder_ / "run");
  EXPECT_THROW(write_report(folder_ / "run", {}), IoError);
  std::ofstream(folder_ / "run" / "summary.json") << "[1]";
  EXPECT_EQ(harness::message_of<IoError>([&] { write_report(folder_ / "run", {}); }),
            (folder_ / "run" / "summary.json").string() + ": is no JSON object");
}

}  // namespace
}  // namespace triad::train
