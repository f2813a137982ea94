import Layers
import Models
import Spiking
import Torch

/// A network of the catalogue, as far as names go.
struct NamedNetwork: Sendable {
  let model: ModelName
  /// Where the stem decides between networks of other names: ResNet's.
  let stem: Stem?
  let names: WeightNames

  /// `vgg5`, or `resnet18 with the imagenet stem`.
  var description: String { model.rawValue + (stem.map { " with the \($0) stem" } ?? "") }

  /// Every network that can be built. Widths and classes do not change names, so these are the narrowest.
  static let catalogue: [NamedNetwork] = ModelName.allCases.flatMap { model -> [NamedNetwork] in
    guard model.standardStem(imageSize: 64) != nil else { return [NamedNetwork(model, stem: nil)] }
    let networks = Stem.allCases.map { NamedNetwork(model, stem: $0) }
    // A normaliser-free network has the same names with both stems.
    let differ = Set(networks.map(\.names.release)).count > 1
    return differ
      ? networks : [NamedNetwork(model: model, stem: nil, names: networks[0].names)]
  }

  private init(model: ModelName, stem: Stem?, names: WeightNames) {
    self.model = model
    self.stem = stem
    self.names = names
  }

  private init(_ model: ModelName, stem: Stem?) {
    let design = ModelDesign(
      model, classes: 2, channels: 1, imageSize: 64, width: 1.0 / 32, stem: stem)
    // Every model takes these settings: what fails here is a model that was added wrongly.
    let network = try! design.network(using: nil)
    self.init(model: model, stem: stem, names: WeightNames(release: network.weights.names))
  }

  /// The network and the naming that a file's names are of.
  ///
  /// - Parameter model: only this one.
  /// - Throws: ``LoadError`` with what is missing and unknown for the network that comes nearest.
  static func recognize(
    _ file: WeightFile, model: ModelName? = nil
  ) throws(LoadError) -> (network: NamedNetwork, naming: WeightNaming) {
    let candidates = catalogue.filter { model == nil || $0.model == model }
    let names = file.tensors.names
    for candidate in candidates {
      if let naming = candidate.names.naming(of: names) { return (candidate, naming) }
    }
    let (nearest, naming) = candidates.flatMap { candidate in
      WeightNaming.allCases.map { (candidate, $0) }
    }.max { $0.0.names.likeness(to: names, $0.1) < $1.0.names.likeness(to: names, $1.1) }!
    let (missing, unknown) = nearest.names.differences(from: names, naming)
    throw LoadError(
      path: file.path,
      reason: WeightNamesError(
        network: nearest.description, naming: naming, missing: missing, unknown: unknown))
  }
}

/// Names that are no network's of ours.
public struct WeightNamesError: Error, Equatable, CustomStringConvertible {
  /// The network and the naming that come nearest.
  public let network: String
  public let naming: WeightNaming
  public let missing: [String]
  public let unknown: [String]

  public var description: String {
    "expected the names of a network of ours, found names that come nearest to \(network) under "
      + "'\(naming.rawValue)': " + WeightNamesError.differences(missing, unknown)
      + "; rename the tensors to those"
  }

  static func differences(_ missing: [String], _ unknown: [String]) -> String {
    [("missing", missing), ("unknown", unknown)].compactMap { title, names in
      guard !names.isEmpty else { return nil }
      let shown = names.prefix(3).map { "'\($0)'" }.joined(separator: ", ")
      return "\(title) \(shown)" + (names.count > 3 ? " and \(names.count - 3) more" : "")
    }.joined(separator: "; ")
  }
}
