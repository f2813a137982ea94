import Layers
import Models
import Spiking
import Torch

extension WeightNames {
  /// The names of every network that can be built, by the model's name. Widths do not change names, so the
  /// networks are the narrowest.
  static let catalogue: [(model: String, names: WeightNames)] = VGGConfiguration.Depth.allCases
    .compactMap { depth in
      let configuration = VGGConfiguration(
        depth, classes: 2, channels: 1, imageSize: 32, width: 1.0 / 512, head: .compact)
      guard let network = try? VGG(configuration, using: Generator(seed: 0)) else { return nil }
      return (depth.rawValue, WeightNames(release: network.weights.names))
    }

  /// The network and the naming that a file's names are of.
  ///
  /// - Parameter model: only this one.
  /// - Throws: ``UsageError`` for a model that is not there, ``LoadError`` with what is missing and unknown for the network that comes nearest.
  static func recognize(
    _ file: WeightFile, model: String? = nil
  ) throws -> (model: String, names: WeightNames, naming: WeightNaming) {
    let candidates = catalogue.filter { model == nil || $0.model == model }
    guard !candidates.isEmpty else {
      throw UsageError(
        "--model: expected one of \(catalogue.map(\.model).joined(separator: ", ")), found "
          + "'\(model ?? "")'")
    }
    let names = file.tensors.names
    for (model, candidate) in candidates {
      if let naming = candidate.naming(of: names) { return (model, candidate, naming) }
    }
    let nearest = candidates.flatMap { candidate in
      WeightNaming.allCases.map { (candidate.model, candidate.names, $0) }
    }.max { $0.1.likeness(to: names, $0.2) < $1.1.likeness(to: names, $1.2) }!
    let (missing, unknown) = nearest.1.differences(from: names, nearest.2)
    throw LoadError(
      path: file.path,
      reason: WeightNamesError(
        model: nearest.0, naming: nearest.2, missing: missing, unknown: unknown))
  }
}

/// Names that are no network's of ours.
public struct WeightNamesError: Error, Equatable, CustomStringConvertible {
  /// The network and the naming that come nearest.
  public let model: String
  public let naming: WeightNaming
  public let missing: [String]
  public let unknown: [String]

  public var description: String {
    "expected the names of a network of ours, found names that come nearest to \(model) under "
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
