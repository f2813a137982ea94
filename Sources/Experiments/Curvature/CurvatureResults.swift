import Curvature
import Foundation
import Torch
import Training

/// All that a curvature measurement says, as a file holds it.
public struct CurvatureResults: Codable, Sendable, Equatable {
  public let spikeguard: String
  public let engine: String
  public let created: String
  public let machine: Machine
  public let network: NetworkRecipe
  public let weights: String
  /// How it was trained, where the file says so.
  public let training: TrainingRecipe?
  public let data: DatasetFacts
  public let settings: CurvatureSettings
  /// n, of an n × n matrix.
  public let parameters: Int
  /// In the order of the settings.
  public let inferences: [Inference]
  public let seconds: Double

  init(
    _ job: CurvatureJob, parameters: Int, _ inferences: [Inference], seconds: Double
  ) {
    (spikeguard, engine, created, machine) = Provenance.now
    network = job.loaded.recipe
    weights = job.loaded.path
    training = job.loaded.manifest?.training
    data = DatasetFacts(job.dataset)
    settings = job.settings
    self.parameters = parameters
    self.inferences = inferences
    self.seconds = seconds
  }

  /// Batches that were measured, of all inferences.
  public var curvatures: Int { inferences.reduce(0) { $0 + $1.batches.count } }

  /// Whether all that were asked for are in it.
  public var isComplete: Bool { curvatures == settings.curvatures }

  /// What was found on the images of one kind.
  public struct Inference: Codable, Sendable, Equatable {
    public let kind: InferenceKind
    /// nil for clean images.
    public let attack: AttackRecipe?
    /// Which matrix the numbers are of.
    public let product: CurvatureProduct
    /// Of J itself on the first batch, whatever the product.
    public let asymmetry: Asymmetry
    /// Two evaluations of loss, gradient and product from fresh graphs.
    public let repeatability: DeterminismProbe.Differences
    /// In their order; one where all are measured as a whole.
    public let batches: [Batch]
    public let trace: TraceEstimate?
    public let density: Density?
    /// What the paper printed for the same data and method.
    public let published: PublishedCurvature?
    /// Why it has nothing to compare with.
    public let notPublished: String?
  }

  /// How all eigenvalues of the first curvature are spread.
  public struct Density: Codable, Sendable, Equatable {
    public let spectrum: SpectralDensity
    /// As it is drawn.
    public let smoothed: SmoothedDensity
  }

  /// One curvature.
  public struct Batch: Codable, Sendable, Equatable {
    public let images: Int
    /// Those that the network classifies correctly, as they are shown.
    public let correct: Int
    public let loss: Double
    /// In the order that was asked for.
    public let eigenvalues: [Eigenvalue]
    public let products: Int
    public let seconds: Double
  }
}

extension CurvatureResults.Batch {
  /// The first eigenvalue: of magnitudes the spectral radius |μ₁|, else the largest μ.
  public func lambdaMax(_ order: SpectrumOrder) -> Double {
    order == .magnitude ? abs(eigenvalues[0].value) : eigenvalues[0].value
  }

  /// |μ₁| / Σ|μᵢ|; nil where all are 0.
  public var share: Double? {
    let sum = eigenvalues.reduce(0) { $0 + abs($1.value) }
    return sum > 0 ? abs(eigenvalues[0].value) / sum : nil
  }

  /// μ₁ / Σμᵢ, which is no share where signs are mixed: the published numbers above 1 can only be means of it. nil where
  /// the sum is 0.
  public var signedShare: Double? {
    let sum = eigenvalues.reduce(0) { $0 + $1.value }
    return sum != 0 ? eigenvalues[0].value / sum : nil
  }

  public var negatives: Int { eigenvalues.count { $0.value < 0 } }
  public var converged: Int { eigenvalues.count(where: \.converged) }
  /// The largest.
  public var residual: Double { eigenvalues.map(\.residual).max() ?? 0 }
}

extension CurvatureResults.Inference {
  public func lambdaMax(_ order: SpectrumOrder) -> Spread? {
    Spread(batches.map { $0.lambdaMax(order) })
  }
  /// Over the batches that have one.
  public var share: Spread? { Spread(batches.compactMap(\.share)) }
  public var signedShare: Spread? { Spread(batches.compactMap(\.signedShare)) }
  /// Batches whose first eigenvalue is negative.
  public var negativeFirst: Int { batches.count { $0.eigenvalues[0].value < 0 } }
  public var negatives: Int { batches.reduce(0) { $0 + $1.negatives } }
  public var converged: Int { batches.reduce(0) { $0 + $1.converged } }
  public var eigenvalues: Int { batches.reduce(0) { $0 + $1.eigenvalues.count } }
  public var products: Int { batches.reduce(0) { $0 + $1.products } }
  public var seconds: Double { batches.reduce(0) { $0 + $1.seconds } }
  /// The largest of all.
  public var residual: Double { batches.map(\.residual).max() ?? 0 }
  public var accuracy: Score {
    Score(
      correct: batches.reduce(0) { $0 + $1.correct },
      total: batches.reduce(0) { $0 + $1.images })
  }
  /// No curvature at all: a network that is silent, or whose loss is 0.
  public var isFlat: Bool {
    batches.allSatisfy { $0.eigenvalues.allSatisfy { $0.value == 0 } }
  }
}
