import Curvature
import Datasets
import Foundation
import Spiking
import Torch
import Training

/// Measures how much the gradients of the time steps point the same way, layer by layer.
///
/// The paper's theory has direct coding repeat one direction at every step (arXiv 2505.11134, eq. 8–10).
public struct AlignmentJob: Sendable {
  public let loaded: LoadedNetwork
  /// All of it is measured.
  public let dataset: ImageDataset
  public var loss = MeasuredLoss.eachStep
  /// Each batch has gradients of its own; the measures are their means.
  public var batchSize = 50
  /// Of a stochastic coding.
  public var seed: UInt64 = 0

  public init(_ loaded: LoadedNetwork, on dataset: ImageDataset) {
    self.loaded = loaded
    self.dataset = dataset
  }

  /// - Parameters:
  ///   - shouldStop: asked before each batch; the results are then those of the batches before, and say so.
  ///   - progress: images done, of how many.
  /// - Returns: nil where it was stopped before the first batch.
  /// - Throws: `CurvatureError` for a gradient that is not finite, `TorchError` where LAPACK does not converge.
  public func run(
    shouldStop: () -> Bool = { false },
    progress: (_ done: Int, _ total: Int) -> Void = { _, _ in }
  ) throws -> AlignmentResults? {
    let clock = ContinuousClock.now
    var names: [(name: String, shape: [Int])] = []
    var layers: [[GradientAlignment]] = []
    var images: [GradientAlignment.Images] = []
    var done = 0
    for (index, batch) in ImageBatch.batches(of: dataset, size: batchSize).enumerated()
    where !shouldStop() {
      let gradients = loaded.network.stepwiseGradients(
        loaded.recipe.encoder, images: batch.images(), labels: batch.labels(),
        using: Generator(seed: seed &+ UInt64(index)), loss: { loss($0, $1) })
      // A layer after the other: the gradients of all steps of all layers may not fit.
      var alignments: [GradientAlignment] = []
      names = []
      for gradient in gradients {
        let ofWeight = gradient.ofWeight()
        guard ofWeight.isFinite().allTrue() else {
          throw CurvatureError.notFinite("gradient of '\(gradient.name)'")
        }
        names.append((gradient.name, Array(ofWeight.shape.dropFirst())))
        alignments.append(try GradientAlignment(ofWeight))
      }
      layers.append(alignments)
      images.append(GradientAlignment.Images(gradients[0].ofInput()))
      done += batch.count
      progress(done, dataset.count)
    }
    guard !layers.isEmpty else { return nil }
    return AlignmentResults(
      self, imagesMeasured: done,
      layers: names.enumerated().map { place, layer in
        .init(
          name: layer.name, shape: layer.shape,
          alignment: GradientAlignment(meanOf: layers.map { $0[place] }))
      },
      images: GradientAlignment.Images(meanOf: images),
      seconds: clock.duration(to: .now) / .seconds(1))
  }
}
