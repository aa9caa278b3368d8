import Quantities
import Testing

@testable import Reporting

@Suite struct HumanNumberTests {
  @Test(arguments: [
    (0.0, 0, "0"), (999.5, 0, "1,000"), (1_234_567.891, 2, "1,234,567.89"), (-0.004, 2, "0.00"),
    (-1_234.5, 1, "-1,234.5"), (0.05, 1, "0.1"), (12.0, 3, "12.000"), (Double.nan, 1, "unknown"),
    (Double.infinity, 0, "unlimited"),
  ])
  func fixed(_ value: Double, _ decimals: Int, _ text: String) {
    #expect(HumanNumber.fixed(value, decimals: decimals) == text)
  }

  @Test(arguments: [
    (0.0, "0 s"), (8.12e-4, "812 µs"), (9.999e-4, "1.00 ms"), (0.004_56, "4.56 ms"),
    (0.9994, "999 ms"), (0.9996, "1.00 s"), (1.234, "1.23 s"), (99.96, "100 s"),
    (125.0, "2 min 5 s"), (12_000.0, "3 h 20 min"), (172_700.0, "47 h 58 min"),
    (172_799.0, "2 d 0 h"), (3_600_000.0, "41 d 16 h"), (1e9, "11,574 d 2 h"),
  ])
  func time(_ seconds: Double, _ text: String) {
    #expect(HumanNumber.time(Seconds(seconds)) == text)
  }

  @Test(arguments: [(0.02, "20 ms"), (1.05, "1.05 s"), (100.0, "100 s"), (1e-5, "10 µs")])
  func roundTime(_ seconds: Double, _ text: String) {
    #expect(HumanNumber.roundTime(Seconds(seconds)) == text)
  }

  @Test(arguments: [
    (0.0, "0 B"), (1_023.0, "1,023 B"), (1_024.0, "1.00 KiB"), (6.25 * 0x1p20, "6.25 MiB"),
    (1_023.9 * 0x1p20, "1.00 GiB"), (71.2 * 0x1p30, "71.2 GiB"), (5_000 * 0x1p40, "5,000 TiB"),
    (-0x1p30, "-1.00 GiB"),
  ])
  func size(_ bytes: Double, _ text: String) {
    #expect(HumanNumber.size(ByteCount(bytes)) == text)
  }

  @Test(arguments: [
    (12.0, "12"), (768_000.0, "768 k"), (408_884_000.0, "409 M"), (1_635_537_600.0, "1.64 B"),
    (1.008e12, "1.01 T"),
  ])
  func amount(_ value: Double, _ text: String) {
    #expect(HumanNumber.amount(value) == text)
  }

  @Test func counts() {
    #expect(HumanNumber.count(1_635_537_600) == "1,635,537,600")
    #expect(HumanNumber.count(-7) == "-7")
    #expect(HumanNumber.count(.min) == "-9,223,372,036,854,775,808")
    #expect(HumanNumber.percent(0.431_4) == "43.1 %")
  }
}
