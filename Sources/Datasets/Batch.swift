import Torch

/// Images that are shown to the network together, and where in the run they come.
public struct Batch: Sendable {
  /// `[B, C, H, W]`, float32 in [0, 1].
  public let images: Tensor
  /// `[B]`, int64.
  public let labels: Tensor
  /// Which samples of the data set these are, in the order of `images`.
  public let indices: [Int]
  public let epoch: Int
  /// The place of this batch in its epoch, from 0.
  public let index: Int

  public init(images: Tensor, labels: Tensor, indices: [Int], epoch: Int, index: Int) {
    self.images = images
    self.labels = labels
    self.indices = indices
    self.epoch = epoch
    self.index = index
  }

  /// How many images there are.
  public var count: Int { indices.count }
}
