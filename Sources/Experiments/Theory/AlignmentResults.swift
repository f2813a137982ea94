import Foundation
import Torch

/// The alignment of the gradients of the time steps, as a file holds it.
public struct AlignmentResults: Codable, Sendable, Equatable {
  public let spikeguard: String
  public let engine: String
  public let created: String
  public let machine: Machine
  public let network: NetworkRecipe
  public let weights: String
  public let data: DatasetFacts
  /// Fewer than ``data`` has where the job was stopped.
  public let imagesMeasured: Int
  public let loss: MeasuredLoss
  public let batchSize: Int
  public let seed: UInt64
  /// In the order in which they ran.
  public let layers: [Layer]
  /// Of what arrives at the images, in normalised pixels.
  public let images: GradientAlignment.Images
  public let seconds: Double

  /// One weight, by its parameter's name.
  public struct Layer: Codable, Sendable, Equatable {
    public let name: String
    public let shape: [Int]
    /// Means over the batches.
    public let alignment: GradientAlignment
  }

  init(
    _ job: AlignmentJob, imagesMeasured: Int, layers: [Layer], images: GradientAlignment.Images,
    seconds: Double
  ) {
    (spikeguard, engine, created, machine) = Provenance.now
    network = job.loaded.recipe
    weights = job.loaded.path
    data = DatasetFacts(job.dataset)
    self.imagesMeasured = imagesMeasured
    loss = job.loss
    batchSize = job.batchSize
    seed = job.seed
    self.layers = layers
    self.images = images
    self.seconds = seconds
  }

  public var steps: Int { network.steps }

  /// Whether all images are in it.
  public var isComplete: Bool { imagesMeasured == data.count }
}
