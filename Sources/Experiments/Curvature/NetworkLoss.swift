public import Curvature
public import Datasets
import Layers
public import Spiking
public import Torch
import Training

/// Which loss of a network has its curvature measured.
public enum MeasuredLoss: String, Codable, Sendable, CaseIterable {
  /// Cross-entropy of the logits averaged over time: the loss of what the network answers.
  case meanLogits = "mean-logits"
  /// The mean over time steps of each step's cross-entropy: what is trained, but for its pull of the logits.
  case eachStep = "each-step"
  /// The sum over time steps of each step's cross-entropy, Σ_t L_t: the cumulative loss that the paper's theory speaks of
  /// (arXiv 2505.11134, eq. 3). It is T times ``eachStep``, and so are its gradient, its Hessian and every eigenvalue:
  /// a growth with T is in the sum itself, whatever the network does.
  case summed

  /// Logits `[T, B, classes]`, int64 labels `[B]` → scalar.
  public func callAsFunction(_ logits: Tensor, _ labels: Tensor) -> Tensor {
    switch self {
    case .meanLogits: logits.mean(along: [0]).crossEntropy(labels)
    case .eachStep: PerStepCrossEntropy()(logits, labels)
    case .summed:
      logits.flattened(from: 0, to: 1).crossEntropy(
        labels.tiled([logits.size(0)]), reduction: .sum) / Double(labels.count)
    }
  }
}

extension LossFunction {
  /// The loss of a network on batches of images, batch norm in evaluation mode, as a function of its parameters.
  ///
  /// - Parameters:
  ///   - batches: made when asked for, one at a time.
  ///   - seed: of a stochastic coding, which draws the same at every evaluation of a batch.
  public init(
    of network: any SpikingNetwork, _ encoder: any Encoder, loss: MeasuredLoss = .meanLogits,
    gradientView: GradientView? = nil, seed: UInt64 = 0, over batches: [ImageBatch]
  ) {
    self.init(
      of: network.parameters,
      over: batches.enumerated().map { index, batch in
        LossFunction.Batch(
          weight: Double(batch.count),
          outputs: {
            var pass = ForwardPass(
              .evaluation, gradientView: gradientView,
              using: Generator(seed: seed &+ UInt64(index)))
            return network(encoder(batch.images(), &pass), &pass)
          },
          loss: { loss($0, batch.labels()) })
      })
  }
}

/// A batch of images that is made when it is asked for.
public struct ImageBatch {
  public let count: Int
  /// `[B, C, H, W]` in [0, 1], of the network's element type.
  public let images: () -> Tensor
  /// int64 `[B]`
  public let labels: () -> Tensor

  public init(count: Int, images: @escaping () -> Tensor, labels: @escaping () -> Tensor) {
    self.count = count
    self.images = images
    self.labels = labels
  }

  /// A batch that is at hand.
  public init(_ images: Tensor, labels: Tensor) {
    self.init(count: images.size(0), images: { images }, labels: { labels })
  }

  /// A data set's images in their order, cut into batches; the last one may be smaller.
  public static func batches(
    of dataset: ImageDataset, size: Int, dtype: DType = .float32
  ) -> [ImageBatch] {
    stride(from: 0, to: dataset.count, by: size).map { start in
      let range = start..<Swift.min(start + size, dataset.count)
      return ImageBatch(
        count: range.count,
        images: { dataset.images(at: range).converted(to: dtype) },
        labels: { dataset.labels(at: range) })
    }
  }
}
