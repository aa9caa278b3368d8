import Galvatron
import Testing

@Suite struct CurveFitTests {
  /// Forward times in ms of Llama-2-7B's layer on 8 A800 at 4,096 to 32,768 tokens, from the inputs of
  /// Galvatron's test_parallelsim_optimization.py; at 8,192 scipy's fit gives 26.015209769254486, the
  /// exact one 26.015209808803753.
  @Test func parabolasEndWhereScipysDo() {
    let times = [
      12.4057201385498, 28.454231262207003, 39.43479309082031, 52.60663909912111,
      70.75289154052746, 82.6971145629883, 106.13850097656245, 123.1998901367187,
    ]
    let points = times.enumerated().map { (x: Double($0.offset + 1) * 4096, y: $0.element) }
    let value = CurveFit.parabola(points, at: 8192)
    #expect(abs(value / 26.015209769254486 - 1) < 1e-13, "\(value)")
  }
}
