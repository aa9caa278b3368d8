/// The order in which a pipeline's stages run the micro-batches of a step.
package enum PipelineSchedule: String, Hashable, Sendable, CaseIterable {
  /// All forwards, then all backwards (Huang et al. 2019).
  case gpipe
  /// One forward, one backward in the steady state (Narayanan et al. 2019, PipeDream-Flush).
  case oneForwardOneBackward = "1f1b"
  /// 1F1B over several model chunks a stage (Narayanan et al. 2021).
  case interleaved
  /// 1F1B whose weight gradients fill the bubble, at 1F1B's memory (Qi et al. 2023, ZB-H1).
  case zeroBubble = "zb-h1"
}
