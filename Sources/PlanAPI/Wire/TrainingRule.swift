import Costing
import JSON
import Quantities

/// Reads `training`: what every plan of the request must train.
struct TrainingRule: JSONRule {
  var expectation: String { "an object that describes the training" }

  func read(_ value: JSONValue, _ log: JSONFaultLog) -> TrainingJob? {
    Self.members.read(value, log)
  }

  static let precision: JSONChoiceRule<Precision> = .oneOf(Precision.self)
  private static let optimizer: JSONChoiceRule<Optimizer> = .oneOf(Optimizer.self)
  private static let attention: JSONChoiceRule<AttentionKernel> = .oneOf(AttentionKernel.self)
  /// Gradients are accumulated and reduced as these.
  private static let gradientBytes: JSONChoiceRule<Double> = .oneOf([
    ("fp32", 4), ("bf16", 2), ("fp16", 2),
  ])

  private static let members: JSONObjectRule<TrainingJob> = .object { training in
    let batch = training.required(
      "global_batch_size", .positiveInteger(max: WireLimits.batch))
    let length = training.required(
      "sequence_length", .positiveInteger(max: WireLimits.sequenceLength))
    let tokens = training.optional("total_tokens", .positiveInteger(max: WireLimits.totalTokens))
    let precision = training.optional("precision", precision, absent: .bf16)
    let optimizer = training.optional("optimizer", optimizer, absent: .adam)
    let gradientBytes = training.optional("gradient_precision", gradientBytes)
    let attention = training.optional("attention", attention)
    let dropout = training.optional("dropout", .boolean, absent: false)
    guard let batch, let length else { return nil }
    var job = TrainingJob(
      globalBatchSize: batch, sequenceLength: length, precision: precision, optimizer: optimizer,
      gradientBytesOverride: gradientBytes, attention: attention, usesDropout: dropout)
    job.totalTokens = tokens
    return job
  }
}

extension JSONRule where Self == TrainingRule {
  static var training: Self { Self() }
}
