import Attacks
import Datasets
import Torch

/// Checks a file of adversarial images against the data set's own images and the network, as if nothing in it
/// could be trusted.
public struct AdversarialCheck: Codable, Sendable, Equatable {
  public let file: String
  public let facts: AdversarialFile.Facts
  /// What the images were held against.
  public let threat: ThreatModel
  /// Whether that is the file's own claim, for want of another.
  public let isClaimedThreat: Bool
  public let images: Int
  /// Of the data set's split.
  public let imagesInData: Int
  /// Whether they are the first of the split; others may have been chosen for what they show.
  public let areFirst: Bool
  /// Pixels, counted by ``ThreatModel/violations(of:from:)``.
  public let bounds: BoundsViolations
  /// Images whose label is not the data set's.
  public let wrongLabels: Int
  /// Images, admissible ones, that the network classifies otherwise than the file claims.
  public let wrongPredictions: Int
  /// Originals that the network classifies otherwise than the file claims.
  public let wrongCleanPredictions: Int
  /// What is left of the network's accuracy: images that it classifies as the data set's label both without attack and
  /// in the file. An image that breaks a bound counts as withstood.
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
      ("another prediction without attack", wrongCleanPredictions),
    ]
  }
  /// The largest ‖x′ − x‖, in pixel units.
  public var largestDistance: Double { bounds.largestDistance }
  /// As `L∞ 8/255`, or `L∞ 8/255 as the file claims`.
  public var threatText: String { "\(threat)" + (isClaimedThreat ? " as the file claims" : "") }
  /// As `the first 1000 of 10000 images`.
  public var coverage: String {
    areFirst
      ? images == imagesInData
        ? "all \(images) images of the data set" : "the first \(images) of \(imagesInData) images"
      : "\(images) chosen of \(imagesInData) images, not the first ones"
  }
  public var isSound: Bool {
    bounds.isEmpty && wrongLabels + wrongPredictions + wrongCleanPredictions == 0
  }

  /// Reads, measures and scores.
  ///
  /// - Parameters:
  ///   - threat: what the images must keep to; nil for what the file claims of itself.
  ///   - dataset: the whole split that the file's places are in.
  /// - Throws: ``AdversarialFileError`` when the file is of other data or of another network, as well as what reading
  ///   it throws.
  public init(
    of path: String, against loaded: LoadedNetwork, on dataset: ImageDataset,
    within threat: ThreatModel? = nil
  ) throws {
    let content = try AdversarialFile(contentsOf: path)
    try Self.checkOrigin(of: content, path, loaded, dataset)
    file = path
    facts = content.facts
    images = content.labels.count
    imagesInData = dataset.count
    areFirst = content.indices.sorted() == Array(content.indices.indices)
    isClaimedThreat = threat == nil
    let threat = threat ?? content.facts.threat
    self.threat = threat
    let originals = dataset.images(at: content.indices)
    let truth = dataset.labels(at: content.indices)
    let labels = truth.scalars(of: Int.self)
    bounds = threat.violations(of: content.images, from: originals)
    let admissible = content.labels.indices.map { row in
      threat.violations(
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
    func scores(of images: Tensor, seed: UInt64) throws -> PlacedScores {
      try PlacedScores(
        of: images, at: Array(content.labels.indices),
        in: LabeledImages(images: originals, labels: truth), batchSize: content.facts.batchSize,
        passes: content.facts.passes, by: loaded.classifier(seed: seed))
    }
    let clean = try scores(
      of: originals, seed: WorstCaseEvaluation.cleanSeed(content.facts.seed))
    let attacked = try scores(of: safe, seed: WorstCaseEvaluation.freshSeed(content.facts.seed))
    let faults = content.labels.indices.map { row in
      (
        label: content.labels[row] != labels[row],
        prediction: admissible[row] && attacked.predictions[row] != content.predictions[row],
        clean: clean.predictions[row] != content.cleanPredictions[row]
      )
    }
    wrongLabels = faults.count { $0.label }
    wrongPredictions = faults.count { $0.prediction }
    wrongCleanPredictions = faults.count { $0.clean }
    firstFaults = Array(
      faults.indices.filter {
        !admissible[$0] || faults[$0].label || faults[$0].prediction || faults[$0].clean
      }.prefix(5))
    robust = Score(
      correct: labels.indices.count { row in
        clean.predictions[row] == labels[row]
          && (!admissible[row] || attacked.predictions[row] == labels[row])
      }, total: images)
    claimed = Score(
      correct: content.labels.indices.count { row in
        content.cleanPredictions[row] == content.labels[row]
          && content.predictions[row] == content.labels[row]
      }, total: images)
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
