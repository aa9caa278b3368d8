import Quantities

/// Lays a step's time over a width, leaving out the middle where all of it would be too small to see.
struct TimeScale {
  /// A part of the step and where it is drawn.
  struct Window {
    let start: Double
    let end: Double
    let left: Double
    let right: Double

    func x(_ time: Double) -> Double { left + (time - start) / (end - start) * (right - left) }
  }

  /// The whole step, or its beginning and its end.
  let windows: [Window]
  /// Room for the sign that time is left out.
  static let breakWidth = 34.0

  /// - Parameters:
  ///   - unit: a time whose width shall be in `unitWidths`, but more if the whole step fits.
  ///   - beginning: what the first part should hold, if the unit is then wide enough.
  init(
    step: Seconds, unit: Seconds, unitWidths: ClosedRange<Double>, beginning: Seconds,
    left: Double, right: Double
  ) {
    // Without a unit any width will do.
    let (step, unit) = (step.value, unit > .zero ? unit.value : max(step.value, 1))
    let half = (right - left - Self.breakWidth) / 2
    let wanted = half / max(1, beginning.value / unit)
    let unitWidth = min(max(wanted, unitWidths.lowerBound), unitWidths.upperBound)
    let time = half / unitWidth * unit
    guard step / unit * unitWidth > right - left, 2 * time < step else {
      windows = [Window(start: 0, end: max(step, .leastNormalMagnitude), left: left, right: right)]
      return
    }
    windows = [
      Window(start: 0, end: time, left: left, right: left + half),
      Window(start: step - time, end: step, left: right - half, right: right),
    ]
  }

  var isBroken: Bool { windows.count > 1 }

  /// The time left out.
  var hidden: Seconds {
    isBroken ? Seconds(windows[1].start - windows[0].end) : .zero
  }

  /// Where a span of time is drawn: nowhere, in one window, or cut by the gap between them.
  func spans(_ start: Seconds, _ end: Seconds) -> [(left: Double, right: Double)] {
    var spans: [(left: Double, right: Double)] = []
    for window in windows where end.value > window.start && start.value < window.end {
      spans.append(
        (window.x(max(start.value, window.start)), window.x(min(end.value, window.end))))
    }
    return spans
  }

  /// Round times about `spacing` pixels apart, with where they are.
  func ticks(spacing: Double) -> [(time: Seconds, x: Double)] {
    let first = windows[0]
    let raw = (first.end - first.start) / (first.right - first.left) * spacing
    var step = 1.0
    while step * 10 <= raw && step < 1e15 { step *= 10 }
    while step > raw && step > 1e-15 { step /= 10 }
    // The nearest round number, by ratio.
    step *= [(7, 10.0), (3, 5), (1.4, 2)].first { raw / step >= $0.0 }?.1 ?? 1
    return windows.flatMap { window in
      let (from, to) = ((window.start / step).rounded(.up), (window.end / step).rounded(.down))
      guard to >= from, to - from < 1_000 else { return [(time: Seconds, x: Double)]() }
      return (0...Int(to - from)).map { index in
        let time = (from + Double(index)) * step
        return (Seconds(time), window.x(time))
      }
    }
  }
}
