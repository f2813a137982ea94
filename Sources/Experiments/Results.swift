import Attacks
import Foundation
import Torch
import Training

/// How many of how many, with the interval that the count allows.
public struct Score: Codable, Sendable, Equatable {
  public let correct: Int
  public let total: Int
  public let accuracy: Double
  /// Bounds of the 95 % Wilson interval of the accuracy.
  public let low: Double
  public let high: Double

  public init(correct: Int, total: Int) {
    let interval = BinomialInterval.wilson(successes: correct, trials: total)
    self.correct = correct
    self.total = total
    accuracy = total == 0 ? 0 : Double(correct) / Double(total)
    low = interval.lower
    high = interval.upper
  }
}

/// What an attack left of a network's accuracy.
public struct AttackScore: Codable, Sendable, Equatable {
  /// As `FGSM` or `PGD-10`.
  public let attack: String
  /// In pixel units.
  public let epsilon: Double
  public let score: Score
  public let seconds: Double
  /// Step size, steps, runs and start.
  public let settings: AttackRecipe
  /// Of the attack's random numbers.
  public let seed: UInt64

  /// - Parameter attack: what the recipe made of a network, where that is more than the recipe alone says.
  public init(
    _ settings: AttackRecipe, as attack: (any Attack)? = nil, seed: UInt64, score: Score,
    seconds: Double
  ) {
    let attack = attack ?? settings.attack
    self.attack = attack.name
    epsilon = attack.threat.epsilon
    self.score = score
    self.seconds = seconds
    self.settings = settings
    self.seed = seed
  }
}

/// One point of a training curve: averages over the steps since the point before.
public struct CurvePoint: Codable, Sendable, Equatable {
  public let step: Int
  public let loss: Double
  public let accuracy: Double
  public let spikeRate: Double
  /// What deflation removed in the last step of these, layer by layer; nil without deflation.
  public var deflation: [DeflatedLayer]?
  /// How often in these steps the fast solver gave way to a full decomposition; nil without deflation.
  public var deflationFallbacks: Int?
}

/// What deflation removed of one layer's gradient.
public struct DeflatedLayer: Codable, Sendable, Equatable {
  public let layer: String
  public let sigma1: Double
  /// From the fast solver an estimate from below.
  public let sigma2: Double
  /// σ₁² / ‖G‖², between 0 and 1.
  public let energyRemoved: Double
}

/// Singular values of one layer's gradient, before and after deflation.
public struct LayerSpectrum: Codable, Sendable, Equatable {
  public let layer: String
  public let before: [Double]
  public let after: [Double]
}

/// One test image, clean and attacked, with what the network says of both.
public struct ExampleImage: Codable, Sendable, Equatable {
  public let index: Int
  public let label: String
  public let cleanPrediction: String
  public let adversarialPrediction: String
  /// Row-major pixels, channels first, 0 ... 255.
  public let clean: [UInt8]
  public let adversarial: [UInt8]
  public let channels: Int
  public let height: Int
  public let width: Int
}

/// All that the quickstart measured of one network.
public struct NetworkResults: Codable, Sendable, Equatable {
  /// As `plain` or `dsd`.
  public let name: String
  /// As it stands in a table.
  public let title: String
  public let manifest: RunManifest
  public let trainingSeconds: Double
  public var curve: [CurvePoint] { manifest.curve }
  /// The whole test set.
  public let clean: Score
  /// The table's attacks, on the first images of the test set.
  public let attacks: [AttackScore]
  /// Accuracy against ε, on fewer images.
  public let sweep: [AttackScore]
  public let spectra: [LayerSpectrum]
  public let examples: [ExampleImage]
}

/// All that the quickstart measured; `results.json` holds it, and the report is drawn from it.
public struct QuickstartResults: Codable, Sendable, Equatable {
  public let spikeguard: String
  public let engine: String
  public let created: String
  public let machine: Machine
  public let networks: [NetworkResults]
  /// What the networks were measured on.
  public let testData: DatasetFacts
  public let attackedImages: Int
  public let sweptImages: Int
  public let seconds: Double
}

extension Encodable {
  /// Indented JSON with sorted keys, as every command writes it.
  public func json() throws -> Data {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    return try encoder.encode(self) + Data("\n".utf8)
  }
}
