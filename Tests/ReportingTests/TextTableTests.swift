import Testing

@testable import Reporting

@Suite struct TextTableTests {
  @Test func wordsLeftAndNumbersRight() {
    var table = TextTable([.numbers("stage"), .words("layers"), .numbers("µs"), .words("")])
    table.add(["0", "0–24", "1,000", "█"])
    table.add(["10", "25", "7", ""])
    #expect(
      table.lines(indent: 2) == [
        "  stage  layers     µs",
        "  -----  ------  -----",
        "      0  0–24    1,000  █",
        "     10  25          7",
      ])
  }
}
