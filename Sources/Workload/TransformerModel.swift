/// A decoder-only language model, by its shapes.
package struct TransformerModel: Hashable, Sendable {
  /// Blocks of one shape in a row.
  package struct Run: Hashable, Sendable {
    package var block: TransformerBlock
    package var count: Int

    package init(_ block: TransformerBlock, count: Int) {
      self.block = block
      self.count = count
    }
  }

  /// From token to the first block's input.
  package struct Embedding: Hashable, Sendable {
    /// Width of the table, where it is not the hidden size: a product leads from one to the other,
    /// and another back before the head (OPT-350M).
    package var width: Int?
    /// Rows of a learned table of positions.
    package var positions: Int?
    package var norm: Norm?

    package init(width: Int? = nil, positions: Int? = nil, norm: Norm? = nil) {
      self.width = width
      self.positions = positions
      self.norm = norm
    }
  }

  /// From the last hidden state to logits.
  package struct Head: Hashable, Sendable {
    /// It multiplies by the embedding's table.
    package var isTied: Bool
    package var hasBias: Bool

    package init(isTied: Bool, hasBias: Bool = false) {
      self.isTied = isTied
      self.hasBias = hasBias
    }
  }

  package var name: String
  package var hiddenSize: Int
  package var vocabularySize: Int
  /// The longest sequence the model was made for, if it says so.
  package var maximumSequenceLength: Int?
  package var embedding: Embedding
  /// All blocks, in order.
  package var runs: [Run]
  package var finalNorm: Norm?
  package var head: Head

  package init(
    name: String, hiddenSize: Int, vocabularySize: Int, maximumSequenceLength: Int? = nil,
    embedding: Embedding = Embedding(), runs: [Run], finalNorm: Norm?, head: Head
  ) {
    self.name = name
    self.hiddenSize = hiddenSize
    self.vocabularySize = vocabularySize
    self.maximumSequenceLength = maximumSequenceLength
    self.embedding = embedding
    self.runs = runs
    self.finalNorm = finalNorm
    self.head = head
  }

  package var blockCount: Int { runs.reduce(0) { $0 + $1.count } }

  /// Runs of equal blocks joined from a description of every block, in order.
  package static func runs(_ blocks: some Sequence<TransformerBlock>) -> [Run] {
    blocks.reduce(into: []) { runs, block in
      if runs.last?.block == block {
        runs[runs.count - 1].count += 1
      } else {
        runs.append(Run(block, count: 1))
      }
    }
  }
}

extension TransformerModel {
  /// More parameters than this are no model, and not every whole number beyond is a `Double`.
  package static let parameterLimit = 1 << 53

  /// Whether the parameters are at most `parameterLimit` and every count on the way to them stays
  /// within 64 bits, for widths and vocabularies up to 2^24, hidden sizes up to 2^20 and up to 2^14
  /// experts.
  package var isCountable: Bool {
    func within(_ count: Int) -> Bool { count >= 0 && count <= Self.parameterLimit }
    var total = edgeLayers.reduce(0) { $0 + $1.parameters }
    guard within(total) else { return false }
    for run in runs {
      let operators = run.block.layer(hiddenSize: hiddenSize).operators
      guard operators.allSatisfy({ within($0.parameters) }) else { return false }
      let block = operators.reduce(0) { $0 + $1.parameters }
      let (product, overflows) = block.multipliedReportingOverflow(by: run.count)
      guard within(block), !overflows, within(product) else { return false }
      total += product
      guard within(total) else { return false }
    }
    return true
  }
}
