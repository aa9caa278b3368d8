import Scheduling

extension PipelineSchedule {
  /// As people call it.
  package var name: String {
    switch self {
    case .gpipe: "GPipe"
    case .oneForwardOneBackward: "1F1B"
    case .interleaved: "interleaved 1F1B"
    case .zeroBubble: "zero-bubble (ZB-H1)"
    }
  }
}
