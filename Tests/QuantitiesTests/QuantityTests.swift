import Quantities
import Testing

@Suite struct QuantityTests {
  @Test func sizesOverRatesAreTimes() {
    #expect(ByteCount.gibi(1) / Bandwidth(0x1p30) == Seconds(1))
    #expect(FLOPs(2e12) / ComputeRate.tera(1) == Seconds(2))
    #expect(Bandwidth.gigabits(8) * Seconds(2) == ByteCount(2e9))
  }

  @Test func ratiosHaveNoUnit() {
    let ratio: Double = Seconds.milli(5) / Seconds.milli(2)
    #expect(ratio == 2.5)
    #expect(Seconds(3).description == "3.0 s")
    #expect(ByteCount.mebi(3).mebibytes == 3)
  }
}
