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

  /// - Parameter progress: images done, of how many.
  /// - Throws: `TorchError` where LAPACK does not converge.
  public func run(
    progress: (_ done: Int, _ total: Int) -> Void = { _, _ in }
  ) throws -> AlignmentResults {
    let clock = ContinuousClock.now
    var names: [(name: String, shape: [Int])] = []
    var layers: [[GradientAlignment]] = []
    var images: [GradientAlignment.Images] = []
    var done = 0
    for (index, batch) in ImageBatch.batches(of: dataset, size: batchSize).enumerated() {
      let gradients = loaded.network.stepwiseGradients(
        loaded.recipe.encoder, images: batch.images(), labels: batch.labels(),
        using: Generator(seed: seed &+ UInt64(index)), loss: { loss($0, $1) })
      // A layer after the other: the gradients of all steps of all layers may not fit.
      var alignments: [GradientAlignment] = []
      names = []
      for gradient in gradients {
        let ofWeight = gradient.ofWeight()
        names.append((gradient.name, Array(ofWeight.shape.dropFirst())))
        alignments.append(try GradientAlignment(ofWeight))
      }
      layers.append(alignments)
      images.append(GradientAlignment.Images(gradients[0].ofInput()))
      done += batch.count
      progress(done, dataset.count)
    }
    return AlignmentResults(
      self,
      layers: names.enumerated().map { place, layer in
        .init(
          name: layer.name, shape: layer.shape,
          alignment: GradientAlignment(meanOf: layers.map { $0[place] }))
      },
      images: GradientAlignment.Images(meanOf: images),
      seconds: clock.duration(to: .now) / .seconds(1))
  }
}

extension GradientAlignment {
  /// The same question asked of what arrives at each image: δ[t] = ∂L/∂x[t], an example at a time.
  public struct Images: Codable, Sendable, Equatable {
    /// Mean over examples and pairs of steps of the cosine between δ[s] and δ[t], where neither is 0; nil without any.
    public let meanCosine: Double?
    /// How many examples it is the mean of: those with two gradients other than 0.
    public let examples: Int

    /// - Parameter gradients: `[T, B, …]`
    init(_ gradients: Tensor) {
      let (steps, count) = (gradients.size(0), gradients.size(1))
      let rows = gradients.reshaped([steps, count, -1]).permuted([1, 0, 2]).converted(to: .float64)
      let lengths = rows.norm(along: [2], keeping: true)
      let isSome = lengths .> 0
      let unit = rows / Tensor.select(isSome, lengths, Tensor.ones(lengths.shape, dtype: .float64))
      // Of unit vectors, ‖Σ u‖² − n is the sum over ordered pairs; vectors of 0 add nothing to either.
      let sums = unit.sum(along: [1]).squared().sum(along: [1]).scalars(of: Double.self)
      let known = isSome.sum(along: [1]).scalars(of: Int.self)
      let means = zip(sums, known).filter { $0.1 > 1 }.map { sum, known in
        (sum - Double(known)) / Double(known * (known - 1))
      }
      examples = means.count
      meanCosine = means.isEmpty ? nil : means.reduce(0, +) / Double(means.count)
    }

    /// The mean over all examples of all batches.
    init(meanOf batches: [Images]) {
      let total = batches.reduce(0) { $0 + $1.examples }
      examples = total
      meanCosine =
        total == 0
        ? nil
        : batches.reduce(0) { $0 + ($1.meanCosine ?? 0) * Double($1.examples) } / Double(total)
    }
  }
}
