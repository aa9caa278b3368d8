/// A duration in seconds.
public struct Seconds: Quantity {
  public var value: Double
  public init(_ value: Double) { self.value = value }
  public static var symbol: String { "s" }
}

/// A size in bytes. Whole numbers are exact up to 2^53 (9 PB).
public struct ByteCount: Quantity {
  public var value: Double
  public init(_ value: Double) { self.value = value }
  public static var symbol: String { "B" }
}

/// A number of floating-point operations; a multiply-add counts as two.
public struct FLOPs: Quantity {
  public var value: Double
  public init(_ value: Double) { self.value = value }
  public static var symbol: String { "FLOP" }
}

/// Bytes per second, in one direction where a link has two.
public struct Bandwidth: Quantity {
  public var value: Double
  public init(_ value: Double) { self.value = value }
  public static var symbol: String { "B/s" }
}

/// Floating-point operations per second.
public struct ComputeRate: Quantity {
  public var value: Double
  public init(_ value: Double) { self.value = value }
  public static var symbol: String { "FLOP/s" }
}

extension ByteCount {
  public static func / (size: ByteCount, rate: Bandwidth) -> Seconds {
    Seconds(size.value / rate.value)
  }
  public static func / (size: ByteCount, time: Seconds) -> Bandwidth {
    Bandwidth(size.value / time.value)
  }
  public static func kibi(_ n: Double) -> ByteCount { ByteCount(n * 0x1p10) }
  public static func mebi(_ n: Double) -> ByteCount { ByteCount(n * 0x1p20) }
  public static func gibi(_ n: Double) -> ByteCount { ByteCount(n * 0x1p30) }
  /// The size in units of 2^20 bytes, which the wire calls `_mb`.
  public var mebibytes: Double { value / 0x1p20 }
  public var gibibytes: Double { value / 0x1p30 }
}

extension FLOPs {
  public static func / (work: FLOPs, rate: ComputeRate) -> Seconds {
    Seconds(work.value / rate.value)
  }
  public static func / (work: FLOPs, time: Seconds) -> ComputeRate {
    ComputeRate(work.value / time.value)
  }
}

extension Bandwidth {
  public static func * (rate: Bandwidth, time: Seconds) -> ByteCount {
    ByteCount(rate.value * time.value)
  }
  /// From 10^9 bytes a second.
  public static func gigabytes(_ n: Double) -> Bandwidth { Bandwidth(n * 1e9) }
  /// From 10^9 bits a second.
  public static func gigabits(_ n: Double) -> Bandwidth { Bandwidth(n * 1e9 / 8) }
}

extension ComputeRate {
  public static func * (rate: ComputeRate, time: Seconds) -> FLOPs {
    FLOPs(rate.value * time.value)
  }
  public static func tera(_ n: Double) -> ComputeRate { ComputeRate(n * 1e12) }
  public var teraFLOPs: Double { value / 1e12 }
}

extension Seconds {
  public static func micro(_ n: Double) -> Seconds { Seconds(n * 1e-6) }
  public static func milli(_ n: Double) -> Seconds { Seconds(n * 1e-3) }
}
