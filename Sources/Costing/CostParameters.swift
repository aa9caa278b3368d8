import Hardware
import Quantities

/// All fitted numbers of the analytic cost model.
///
/// The model itself is arithmetic on shapes and catalogue figures; these are the parts of the figures
/// that real machines reach, and what software adds. They are fitted together, by robust least squares
/// on ln(predicted / measured) with a prior for each from microbenchmarks (`CostFit`,
/// `CostParameterSlot.all`), on the step times of published training runs:
///
/// - *volta, turing, loss-scaled stack*: Megatron-LM README 2020, Alpa's and AMP's artefacts (V100, T4);
/// - *ampere, loss-scaled stack*: vTrain's single- and multi-node validation, Korthikanti et al. 2022
///   table 5, Narayanan et al. 2021 table 2 (where ZeRO-3's gathers show), BigScience's chronicles;
/// - *ampere, other stacks*: LLM Foundry's README, InternEvo's documentation, fms-fsdp's README;
/// - *hopper*: LLM Foundry, MLPerf Training 3.1 to 5.1, NVIDIA DGX Cloud recipes, NeMo 24.07 and its
///   launcher, Megatron Bridge, Megatron-MoE-ModelZoo, NeMo AutoModel, torchtitan (H200);
/// - *blackwell* (B200): SimuMax's B200 runs, torchtitan, MLPerf 4.1; *grace-blackwell* (GB200, whose power and
///   cooling let the same dies keep their clock) and *blackwell-ultra*: Megatron Bridge, DGX Cloud recipes,
///   MLPerf 5.0 and 5.1.
///
/// No number belongs to a source, a model or a run, and single-node sweeps count like any other source.
/// BigScience's rows count little, since its nodes had fewer NVLinks than a request of theirs says;
/// torchtitan's MXFP8 report not at all, since its GPUs were held below their power. Errors, also of rows
/// that a fit has not seen, are printed by `make validate`; the test `PublishedAccuracyTests` holds them.
///
/// What a request leaves open is taken as the stack's habit (`SoftwareStack`): fp16 means unfused
/// attention and reduction after the backward pass where a chip is of Ampere's time or before;
/// unstated recomputation means none, or PyTorch's selective policy where a dense model's weights are
/// sharded and its products are not split; fp8 means gradients in 16 bits and inputs of products kept in 8;
/// gradients of fully sharded weights are scattered in 16 bits (torchtitan's are in 32, which no request of
/// its rows says).
/// Pipelines of runs are taken to be cut as launchers cut by themselves, into equally many layers a chunk,
/// where that divides, and otherwise as is best.
package struct CostParameters: Hashable, Sendable {
  package var chips: [Accelerator.Architecture: ChipEfficiency]
  package var software: SoftwareEfficiency
  package var lossScaled: StackEfficiency
  package var fullySharded: StackEfficiency
  package var fused: StackEfficiency

  package init(
    chips: [Accelerator.Architecture: ChipEfficiency], software: SoftwareEfficiency,
    lossScaled: StackEfficiency, fullySharded: StackEfficiency, fused: StackEfficiency
  ) {
    self.chips = chips
    self.software = software
    self.lossScaled = lossScaled
    self.fullySharded = fullySharded
    self.fused = fused
  }

  package func stack(_ stack: SoftwareStack) -> StackEfficiency {
    switch stack {
    case .lossScaled: lossScaled
    case .fullySharded: fullySharded
    case .fused: fused
    }
  }

  /// Of every optimizer step of a job, however it is split.
  package func stepOverhead(of job: TrainingJob) -> Seconds {
    software.stepOverhead + stack(SoftwareStack(job)).stepOverhead
  }

  /// Of an architecture without measured runs, those of its nearest relative.
  package func chip(_ architecture: Accelerator.Architecture) -> ChipEfficiency {
    if let known = chips[architecture] { return known }
    let relative: Accelerator.Architecture =
      switch architecture {
      case .volta, .turing: .volta
      case .ampere, .ada: .ampere
      case .hopper, .cdna2, .cdna3, .gaudi, .tpu, .davinci: .hopper
      case .blackwell, .graceBlackwell, .blackwellUltra, .cdna4: .blackwell
      }
    guard let known = chips[relative] ?? chips[.ampere] else {
      preconditionFailure(
        "cost parameters hold no architecture that \(architecture) can borrow from")
    }
    return known
  }
}
