import Testing
import Validating

@Suite struct RankCorrelationTests {
  @Test func agreesWithItsDefinition() {
    #expect(rankCorrelation([1, 2, 3], [10, 20, 30]) == 1)
    #expect(rankCorrelation([1, 2, 3], [3, 2, 1]) == -1)
    // Spearman without ties: 1 − 6·Σd²/(n·(n² − 1)) with d = (0, −1, 1, 0).
    #expect(abs(rankCorrelation([1, 2, 3, 4], [1, 3, 2, 4])! - 0.8) < 1e-12)
  }

  @Test func sharesTheRanksOfTies() {
    // Ranks 1, 2.5, 2.5 against 1, 2, 3.
    #expect(abs(rankCorrelation([1, 2, 2], [1, 2, 3])! - 0.8660254037844387) < 1e-12)
    #expect(rankCorrelation([1, 1, 1], [1, 2, 3]) == nil)
  }
}
