import Hardware
import Quantities
import Workload

/// Times of single kernels on one chip, from its catalogue figures and fitted efficiencies.
package struct KernelTime: Hashable, Sendable {
  package var chip: ChipEfficiency
  package var software: SoftwareEfficiency
  /// Dense rate of 16-bit (or 32-bit) products that large matrices reach.
  private var matrixRate: ComputeRate
  /// The same for products that the job runs in 8 bits.
  private var lowPrecisionRate: ComputeRate
  private var attentionRate: ComputeRate
  private var memoryRate: Bandwidth
  private var elementBytes: Double

  /// `accelerator.peaks` must hold the precision or one that `KernelTime.peak` falls back to.
  package init(
    _ accelerator: Accelerator, precision: Precision, chip: ChipEfficiency,
    software: SoftwareEfficiency
  ) {
    self.chip = chip
    self.software = software
    let wide = Self.widePeak(accelerator, precision)
    matrixRate = ComputeRate(wide.value * chip.matrix)
    attentionRate = ComputeRate(wide.value * chip.attention)
    if precision == .fp8, let narrow = accelerator.peaks[.fp8] {
      lowPrecisionRate = ComputeRate(narrow.value * chip.matrixFP8)
    } else {
      lowPrecisionRate = matrixRate
    }
    memoryRate = Bandwidth(accelerator.memoryBandwidth.value * chip.memory)
    elementBytes = precision.activationBytes
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

  /// `m` x `k` by `k` x `n`: the slower of arithmetic and memory, and a launch.
  ///
  /// arithmetic = 2·m·n·k / (peak·η) · (1 + n₀/m)(1 + n₀/n)(1 + n₀/k), with `m` and `n` filled up
  /// to whole tiles. Rows whose length is no multiple of 16 bytes miss the wide loads of the matrix
  /// units and run at a fitted part of the rate.
  package func matrixProduct(
    m: Double, n: Double, k: Double, lowPrecision: Bool = true, batch: Double = 1
  ) -> Seconds {
    let rate = lowPrecision ? lowPrecisionRate : matrixRate
    let side = software.matrixHalfSize
    let shape = (1 + side / m) * (1 + side / n) * (1 + side / k)
    var arithmetic = 2 * batch * Self.tiled(m) * Self.tiled(n) * k * shape / rate.value
    if !Self.isAligned(n) || !Self.isAligned(k) { arithmetic /= software.misalignedRate }
    let bytes = batch * elementBytes * (m * k + k * n + m * n)
    return Seconds(max(arithmetic, bytes / memoryRate.value)) + software.kernelLaunch
  }

  /// Side of the output tile that one thread block computes, in common kernels.
  private static let tile = 128.0

  /// A side longer than a tile is computed in whole tiles.
  private static func tiled(_ side: Double) -> Double {
    side <= tile ? side : (side / tile).rounded(.up) * tile
  }

  private static func isAligned(_ side: Double) -> Bool {
    side.truncatingRemainder(dividingBy: 8) == 0
  }

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
}

extension KernelTime {
  /// A step known only by its FLOPs: at the rate of large products.
  package func opaque(_ work: FLOPs) -> Seconds {
    work / matrixRate + software.kernelLaunch
  }
}
