/// A physical amount held as a number of its unit.
///
/// Amounts of one quantity add, subtract, compare and scale by plain numbers; two of them divide
/// into a plain number. Products and quotients of different quantities exist only where they mean
/// something (`ByteCount / Bandwidth == Seconds`), so that a formula with mixed-up units does not
/// compile.
///
/// The conforming types are `public` and carry no attributes on purpose: the compiler then
/// specialises their operators across modules, and a formula costs what it would with `Double`s.
public protocol Quantity: Hashable, Comparable, Sendable, CustomStringConvertible {
  /// The amount in the type's unit.
  var value: Double { get set }
  init(_ value: Double)
  /// The unit's symbol, for descriptions.
  static var symbol: String { get }
}

extension Quantity {
  public static var zero: Self { Self(0) }

  public init(_ value: Int) { self.init(Double(value)) }

  public static func < (a: Self, b: Self) -> Bool { a.value < b.value }
  public static func + (a: Self, b: Self) -> Self { Self(a.value + b.value) }
  public static func - (a: Self, b: Self) -> Self { Self(a.value - b.value) }
  public static func += (a: inout Self, b: Self) { a.value += b.value }
  public static func -= (a: inout Self, b: Self) { a.value -= b.value }
  public static prefix func - (a: Self) -> Self { Self(-a.value) }

  public static func * (a: Self, factor: Double) -> Self { Self(a.value * factor) }
  public static func * (factor: Double, a: Self) -> Self { Self(factor * a.value) }
  public static func * (a: Self, factor: Int) -> Self { Self(a.value * Double(factor)) }
  public static func * (factor: Int, a: Self) -> Self { Self(Double(factor) * a.value) }
  public static func / (a: Self, divisor: Double) -> Self { Self(a.value / divisor) }
  public static func / (a: Self, divisor: Int) -> Self { Self(a.value / Double(divisor)) }
  /// How many times `b` fits in `a`.
  public static func / (a: Self, b: Self) -> Double { a.value / b.value }

  public var description: String { "\(value) \(Self.symbol)" }
}
