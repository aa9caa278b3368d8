/// GPUs of one node.
package struct DeviceGroup: Hashable, Sendable {
  package var node: String
  package var gpus: [Int]

  package init(node: String, gpus: [Int]) {
    self.node = node
    self.gpus = gpus
  }
}
