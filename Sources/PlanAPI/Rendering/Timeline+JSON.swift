import JSON
import Scheduling

extension JSONWriter {
  /// What one stage, or the link that leaves it, does at one time.
  mutating func slot(_ slot: TimelineSlot) {
    object { w in
      w.member("stage_id", slot.stage)
      w.member("chunk", slot.chunk)
      w.member("micro_batch", slot.microBatch)
      w.name("kind")
      w.value(slot.kind.wireName)
      w.member("start_seconds", slot.start.value)
      w.member("end_seconds", slot.end.value)
    }
  }
}

extension TimelineSlot.Kind {
  fileprivate var wireName: StaticString {
    switch self {
    case .forward: "forward"
    case .backward: "backward"
    case .backwardInput: "backward_input"
    case .backwardWeight: "backward_weight"
    case .recompute: "recompute"
    case .sendForward: "send_forward"
    case .sendBackward: "send_backward"
    }
  }
}
