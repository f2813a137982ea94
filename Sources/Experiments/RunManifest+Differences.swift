import Foundation

extension RunManifest {
  /// Where the recipe or the data differ from those of another run, as `training.epochs: 3, not 2`.
  func differences(from other: RunManifest) throws -> [String] {
    try Self.differences(of: recipe, from: other.recipe)
  }

  /// Where a value differs from another, leaf by leaf.
  static func differences(
    of value: some Encodable, from other: some Encodable
  ) throws -> [String] {
    let (ours, theirs) = (try leaves(of: value), try leaves(of: other))
    return Set(ours.keys).union(theirs.keys).sorted().compactMap { key in
      let (mine, other) = (ours[key] ?? "none", theirs[key] ?? "none")
      return mine == other ? nil : "\(key): \(mine), not \(other)"
    }
  }

  private struct Recipe: Encodable {
    let network: NetworkRecipe
    let training: TrainingRecipe
    let data: DatasetFacts
  }

  /// What a run's numbers depend on.
  private var recipe: Recipe { Recipe(network: network, training: training, data: dataset) }

  /// Each value under its path.
  private static func leaves(of value: some Encodable) throws -> [String: String] {
    var values: [String: String] = [:]
    func collect(_ value: Any, _ path: [String]) {
      if let object = value as? [String: Any] {
        for (key, value) in object { collect(value, path + [key]) }
      } else {
        values[path.joined(separator: ".")] = "\(value)"
      }
    }
    collect(try JSONSerialization.jsonObject(with: value.json()), [])
    return values
  }
}
