import Attacks
import Datasets
import Torch

/// Checks a file of adversarial images against the data set's own images and the network, as if nothing in it
/// could be trusted.
public struct AdversarialCheck: Codable, Sendable, Equatable {
  public let file: String
  public let facts: AdversarialFile.Facts
  public let images: Int
  /// Pixels, counted by ``ThreatModel/violations(of:from:)``.
  public let bounds: BoundsViolations
  /// Images whose label is not the data set's.
  public let wrongLabels: Int
  /// Images, admissible ones, that the network classifies otherwise than the file claims.
  public let wrongPredictions: Int
  /// Admissible images that the network classifies as the data set's label: what is left of its accuracy. An image
  /// that breaks a bound counts as classified correctly.
  public let robust: Score
  /// The same by the file's own predictions and labels.
  public let claimed: Score
  /// The first images with a fault, by their place in the file.
  public let firstFaults: [Int]

  /// What was looked for, and how many images have it.
  public var faults: [(what: String, images: Int)] {
    [
      ("not finite", bounds.nonFinite), ("outside [0, 1]", bounds.outsidePixelRange),
      ("further than ε", bounds.outsideBall), ("another label", wrongLabels),
      ("another prediction", wrongPredictions),
    ]
  }
  /// The largest ‖x′ − x‖, in pixel units.
  public var largestDistance: Double { bounds.largestDistance }
  /// As `L∞ 8/255`.
  public var threatText: String { "\(facts.threat)" }
  public var isSound: Bool { bounds.isEmpty && wrongLabels == 0 && wrongPredictions == 0 }

  /// Reads, measures and scores.
  ///
  /// - Parameter dataset: the whole split that the file's places are in.
  /// - Throws: ``AdversarialFileError`` when the file is of other data or of another network, as well as what reading
  ///   it throws.
  public init(
    of path: String, against loaded: LoadedNetwork, on dataset: ImageDataset
  ) throws {
    let content = try AdversarialFile(contentsOf: path)
    try Self.checkOrigin(of: content, path, loaded, dataset)
    file = path
    facts = content.facts
    images = content.labels.count
    let originals = dataset.images(at: content.indices)
    let truth = dataset.labels(at: content.indices)
    let labels = truth.scalars(of: Int.self)
    bounds = content.facts.threat.violations(of: content.images, from: originals)
    let admissible = content.labels.indices.map { row in
      content.facts.threat.violations(
        of: content.images[row..<row + 1], from: originals[row..<row + 1]
      ).isEmpty
    }
    // An image with NaN may not reach the network: neurons take it for silence.
    let bad = Tensor(admissible.indices.filter { !admissible[$0] })
    let safe =
      bad.count == 0
      ? content.images : content.images.replacing(bad, with: originals.gathering(bad))
    let threads = Engine.threads
    Engine.threads = content.facts.threads
    defer { Engine.threads = threads }
    let scores = try PlacedScores(
      of: safe, at: Array(content.labels.indices),
      in: LabeledImages(images: originals, labels: truth), batchSize: content.facts.batchSize,
      passes: content.facts.passes,
      by: loaded.classifier(seed: WorstCaseEvaluation.freshSeed(content.facts.seed)))
    let faults = content.labels.indices.map { row in
      (
        label: content.labels[row] != labels[row],
        prediction: admissible[row] && scores.predictions[row] != content.predictions[row]
      )
    }
    wrongLabels = faults.count { $0.label }
    wrongPredictions = faults.count { $0.prediction }
    firstFaults = Array(
      faults.indices.filter {
        !admissible[$0] || faults[$0].label || faults[$0].prediction
      }.prefix(5))
    robust = Score(
      correct: labels.indices.count { !admissible[$0] || scores.predictions[$0] == labels[$0] },
      total: images)
    claimed = Score(
      correct: zip(content.predictions, content.labels).count { $0 == $1 }, total: images)
  }

  private static func checkOrigin(
    of content: AdversarialFile, _ path: String, _ loaded: LoadedNetwork, _ dataset: ImageDataset
  ) throws {
    let shape = [dataset.shape.channels, dataset.shape.height, dataset.shape.width]
    guard content.images.shape.dropFirst().elementsEqual(shape) else {
      throw AdversarialFileError(
        path, expected: "images of \(dataset.shape), as \(dataset.name) has",
        found: content.images.shape.dropFirst().map(String.init).joined(separator: "x"),
        remedy: "name the data set that was attacked")
    }
    do { try content.facts.threat.check() } catch {
      throw AdversarialFileError(
        path, expected: "an ε that the norm allows", found: "\(error)",
        remedy: "write the file again")
    }
    if let place = content.indices.first(where: { !dataset.labels.indices.contains($0) }) {
      throw AdversarialFileError(
        path, expected: "places below \(dataset.count), the images of \(dataset.name)",
        found: "\(place)", remedy: "name the data set that was attacked, the whole of it")
    }
    guard Set(content.indices).count == content.indices.count else {
      throw AdversarialFileError(
        path, expected: "each image once", found: "a place that occurs again",
        remedy: "write the file again")
    }
    let originals = dataset.digest(at: content.indices)
    guard originals == content.facts.originals else {
      throw AdversarialFileError(
        path,
        expected: "images of \(content.facts.dataset.name) with SHA-256 "
          + "\(content.facts.originals.prefix(16))…",
        found: "\(originals.prefix(16))… at these places of \(dataset.name)",
        remedy: "name the data set that was attacked; the order of images counts")
    }
    let network = try loaded.digest()
    guard network == content.facts.network else {
      throw AdversarialFileError(
        path, expected: "the network with SHA-256 \(content.facts.network.prefix(16))…",
        found: "\(network.prefix(16))… in \(loaded.path)",
        remedy: "name the checkpoint that was attacked")
    }
  }
}
