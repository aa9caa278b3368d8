import Quantities
import Testing

@testable import Reporting

@Suite struct TimeScaleTests {
  private func scale(step: Double, beginning: Double = 0) -> TimeScale {
    TimeScale(
      step: Seconds(step), unit: Seconds(1), unitWidths: 5...10, beginning: Seconds(beginning),
      left: 100, right: 1_100)
  }

  @Test func wholeStepIfItFits() {
    let whole = scale(step: 100)
    #expect(!whole.isBroken)
    #expect(whole.hidden == .zero)
    let spans = whole.spans(Seconds(25), Seconds(50))
    #expect(spans.map(\.left) == [350] && spans.map(\.right) == [600])
  }

  @Test func beginningAndEndIfItDoesNot() {
    let broken = scale(step: 1_000)
    #expect(broken.isBroken)
    #expect(broken.windows[0].start == 0 && broken.windows[1].end == 1_000)
    #expect(broken.windows[0].left == 100 && broken.windows[1].right == 1_100)
    let drawn = broken.windows.reduce(0) { $0 + $1.end - $1.start }
    #expect(abs(broken.hidden.value + drawn - 1_000) < 1e-9)
    for window in broken.windows {
      #expect(abs((window.right - window.left) / (window.end - window.start) - 10) < 1e-9)
    }
    #expect(broken.spans(Seconds(400), Seconds(410)).isEmpty)
    #expect(broken.spans(Seconds(0), Seconds(1_000)).count == 2)
  }

  @Test func unitsShrinkToShowTheBeginning() {
    let shrunk = scale(step: 1_000, beginning: 80)
    #expect(shrunk.windows[0].end >= 80)
    let limited = scale(step: 10_000, beginning: 5_000)
    let window = limited.windows[0]
    #expect(abs((window.right - window.left) / (window.end - window.start) - 5) < 1e-9)
  }

  /// Not so near that their words run into each other.
  @Test(arguments: [1e-7, 3e-4, 0.9, 5.4, 17, 71, 86_400])
  func ticksAreRoundAndInside(_ step: Double) {
    let scale = TimeScale(
      step: Seconds(step), unit: .zero, unitWidths: 1...2, beginning: .zero, left: 0, right: 900)
    let ticks = scale.ticks(spacing: 90)
    #expect((7...16).contains(ticks.count), "\(ticks.count)")
    #expect(zip(ticks, ticks.dropFirst()).allSatisfy { $1.x - $0.x > 59 })
    #expect(ticks.allSatisfy { $0.x >= 0 && $0.x <= 900.000_1 })
  }

  @Test func nothingToDraw() {
    let empty = TimeScale(
      step: .zero, unit: .zero, unitWidths: 1...2, beginning: .zero, left: 0, right: 900)
    #expect(empty.windows.count == 1)
    #expect(empty.spans(.zero, .zero).isEmpty)
  }
}
