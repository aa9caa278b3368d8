import Hardware
import Quantities
import Workload

/// A side of a matrix product. A layer's forward and backward pass have it in three of them.
struct ProductSide {
  /// Side of the output tile that one thread block computes, in common kernels.
  private static let tile = 128.0

  let length: Double
  /// A side longer than a tile is computed in whole tiles.
  let tiled: Double
  /// A multiple of 16 bytes.
  let isAligned: Bool
  /// What splitting the sum over this side into pieces leaves of the last wave's idle part.
  let idlePart: Double

  /// Shorter pieces do not pay for adding them up.
  private static let splitSide = 1024.0

  init(_ length: Double) {
    self.length = length
    tiled =
      length <= Self.tile ? length : (length / Self.tile).rounded(.up) * Self.tile
    isAligned = length / 8 == (length / 8).rounded(.down)
    idlePart = min(1, Self.splitSide / length)
  }
}

/// Times of single kernels on one chip, from its catalogue figures and fitted efficiencies.
package struct KernelTime: Hashable, Sendable {
  package var chip: ChipEfficiency
  package var software: SoftwareEfficiency
  /// Dense rate of 16-bit (or 32-bit) products that can be reached on the chip, and of those that the job
  /// runs in 8 bits.
  private let wideReach: ComputeRate
  private let narrowReach: ComputeRate
  /// Dense rate of 16-bit (or 32-bit) products that large matrices reach.
  private var matrixRate: ComputeRate
  /// The same for products that the job runs in 8 bits.
  private var lowPrecisionRate: ComputeRate
  /// What filling and draining tiles takes of a product of each rate, in elements of its inner side.
  private var matrixFill: Double
  private var lowPrecisionFill: Double
  private var attentionRate: ComputeRate
  private var memoryRate: Bandwidth
  /// What the long reads of a product reach.
  private var streamRate: Bandwidth
  private var elementBytes: Double
  /// Rate of products in batches that miss wide loads, as a part of the others'.
  private let misalignedBatchRate: Double
  /// Whether products run in 8 bits.
  package let castsInputs: Bool

  /// `accelerator.peaks` must hold the precision or one that `KernelTime.peak` falls back to.
  package init(
    _ accelerator: Accelerator, precision: Precision, chip: ChipEfficiency,
    software: SoftwareEfficiency
  ) {
    self.chip = chip
    self.software = software
    let achievable = accelerator.achievablePart
    wideReach = Self.widePeak(accelerator, precision) * achievable
    matrixRate = wideReach * chip.matrix
    attentionRate = wideReach * chip.attention
    if precision == .fp8, let narrow = accelerator.peaks[.fp8] {
      narrowReach = narrow * achievable
      lowPrecisionRate = narrowReach * chip.matrixFP8
      castsInputs = true
    } else {
      narrowReach = wideReach
      lowPrecisionRate = matrixRate
      castsInputs = false
    }
    memoryRate = Bandwidth(accelerator.memoryBandwidth.value * chip.memory)
    streamRate = Bandwidth(accelerator.memoryBandwidth.value * Self.streamEfficiency)
    elementBytes = precision.activationBytes
    let vectors = accelerator.vectorPeak.map {
      $0.value / Self.widePeak(accelerator, precision).value
    }
    misalignedBatchRate = min(
      1, software.misalignedRate * (vectors ?? Self.usualVectorPart) / Self.usualVectorPart)
    (matrixFill, lowPrecisionFill) = (0, 0)
    measureFill()
  }

  private mutating func measureFill() {
    matrixFill = software.matrixFill * (matrixRate.value / Self.fillReference)
    lowPrecisionFill = software.matrixFill * (lowPrecisionRate.value / Self.fillReference)
  }

  /// The same chip under the kernels of one stack.
  package func running(_ stack: SoftwareStack, _ efficiency: StackEfficiency) -> KernelTime {
    var kernels = self
    if stack == .fullySharded {
      kernels.matrixRate = wideReach * chip.shardedMatrix
      kernels.lowPrecisionRate = narrowReach * chip.shardedMatrix
      kernels.attentionRate = wideReach * chip.shardedAttention
    } else {
      kernels.matrixRate = matrixRate * efficiency.matrix
      kernels.lowPrecisionRate = lowPrecisionRate * efficiency.matrix
    }
    kernels.measureFill()
    return kernels
  }

  /// The peak of products that stay wide in a job of the given precision: attention and the head
  /// of an fp8 job run in 16 bits.
  package static func widePeak(_ accelerator: Accelerator, _ precision: Precision) -> ComputeRate {
    let order: [Precision] =
      switch precision {
      case .fp32: [.fp32]
      case .fp16: [.fp16, .bf16, .fp32]
      case .bf16, .fp8: [.bf16, .fp16, .fp32]
      }
    guard let peak = order.lazy.compactMap({ accelerator.peaks[$0] }).first else {
      preconditionFailure("\(accelerator.id) has no peak for \(precision)")
    }
    return peak
  }

  /// `m` x `k` by `k` x `n`, `batch` times: the slower of arithmetic and memory, and a launch.
  ///
  /// A product that adds its result to 32-bit gradients, as weight gradients of fused stacks do, also
  /// moves `accumulatedBytes`.
  ///
  /// arithmetic = 2·m·n·k / (peak·η) · (1 + k₀·rate/k)(1 + c/(m·n·batch)), with `m` and `n` filled
  /// up to whole tiles. Few tiles with a long inner side are split along it, until they make about two
  /// waves ("split-K"; Osama et al. 2023, "Stream-K", section 3). Rows whose length is no multiple of 16
  /// bytes miss the wide loads that feed the matrix units: a single product runs at half the rate,
  /// products in batches at a fitted part of it.
  package func matrixProduct(
    m: Double, n: Double, k: Double, lowPrecision: Bool = true, batch: Double = 1,
    isPadded: Bool = false, accumulatedBytes: Double = 0
  ) -> Seconds {
    matrixProduct(
      m: ProductSide(m), n: ProductSide(n), k: ProductSide(k), lowPrecision: lowPrecision,
      batch: batch, isPadded: isPadded, accumulatedBytes: accumulatedBytes)
  }

  /// The same of sides that several products have.
  func matrixProduct(
    m: ProductSide, n: ProductSide, k: ProductSide, lowPrecision: Bool, batch: Double = 1,
    isPadded: Bool = false, accumulatedBytes: Double = 0
  ) -> Seconds {
    let rate = lowPrecision ? lowPrecisionRate : matrixRate
    let fill = lowPrecision ? lowPrecisionFill : matrixFill
    let idle = software.matrixWave / (m.length * n.length * batch)
    let shape = (1 + fill / k.length) * (1 + min(idle, max(Self.leastSplitIdle, idle * k.idlePart)))
    var arithmetic = 2 * batch * m.tiled * n.tiled * k.length * shape / rate.value
    if !isPadded, !n.isAligned || !k.isAligned {
      arithmetic /= batch > 1 ? misalignedBatchRate : Self.misalignedRate
    }
    let (m, n, k) = (m.length, n.length, k.length)
    let bytes = batch * elementBytes * (m * k + k * n + m * n) + accumulatedBytes
    return Seconds(max(arithmetic, bytes / streamRate.value)) + software.kernelLaunch
  }

  /// What half a wave is of two.
  private static let leastSplitIdle = 0.25
  /// The rate that `SoftwareEfficiency.matrixFill` is given for, FLOP/s.
  private static let fillReference = 250e12
  /// Part of the memory bandwidth that long reads reach on every chip: STREAM and vendors' copy tests
  /// give 0.8 to 0.9.
  private static let streamEfficiency = 0.85
  /// What padding GPT-2's table of 50,257 rows to 50,304 wins back: a quarter of the step, of which
  /// the head is a third (nanoGPT).
  private static let misalignedRate = 0.5
  /// What an A100's vector units do of what its matrix units do.
  private static let usualVectorPart = 19.5 / 312

  /// Fused attention, `pairs` query–key pairs that the mask leaves, over all heads.
  /// FLOPs: 2·(keyDimension + valueDimension) a pair and head.
  /// Short heads and short sequences leave the matrix units idle between their tiles.
  package func fusedAttention(flops: FLOPs, headDimension: Double, keys: Double) -> Seconds {
    let shape =
      (1 + software.attentionHalfHead / headDimension)
      * (1 + software.attentionHalfLength / keys)
    return flops / attentionRate * shape + software.kernelLaunch
  }

  /// Kernels bound by memory traffic.
  package func traffic(_ bytes: Double, kernels: Double = 1) -> Seconds {
    Seconds(bytes / memoryRate.value) + software.kernelLaunch * kernels
  }

  /// A kernel of its own that moves the `bytes` of adding a product to gradients.
  package func accumulation(_ bytes: Double) -> Seconds {
    Seconds(bytes / memoryRate.value)
  }

  /// Casting `elements` to 8 bits on the way into products, none where they stay wide: reads two
  /// bytes, writes the value and its transpose.
  package func casting(_ elements: Double) -> Seconds {
    castsInputs ? Seconds(elements * 4 * software.castTraffic / memoryRate.value) : .zero
  }
}

extension KernelTime {
  /// A step known only by its FLOPs: at the rate of large products.
  package func opaque(_ work: FLOPs) -> Seconds {
    work / matrixRate + software.kernelLaunch
  }
}
