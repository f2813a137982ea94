/// What a forward pass is for. It is passed along with the data, never stored in a layer.
public enum Mode: Sendable {
  /// Batch norm uses the batch's own statistics and moves its running ones.
  case training
  /// Batch norm uses its running statistics; nothing in the network changes.
  case evaluation
}
