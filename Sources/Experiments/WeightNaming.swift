/// Whose names a file of weights uses.
public enum WeightNaming: String, Sendable, Codable, CaseIterable {
  /// The authors' release, and so ours: `layer1.0.weight`, `classifier.1.bias`.
  case release
  /// SpikingJelly's own networks: `features.0.weight`, `classifier.0.bias`.
  case spikingjelly
}

/// The names of one network's tensors under each naming.
///
/// Names are told apart by their modules, what stands before the last dot, so a module's counters
/// (`num_batches_tracked`) go with it.
struct WeightNames: Sendable {
  /// Under the release's naming, in the network's order.
  let release: [String]
  /// SpikingJelly's module for each of ours; nil where SpikingJelly has no such network.
  private let modules: [String: String]?

  /// - Parameter release: the names of a network's weights, as ours call them.
  init(release: [String]) {
    self.release = release
    modules = Self.spikingJellyModules(release)
  }

  /// All names under a naming; nil where it has none for this network.
  func names(_ naming: WeightNaming) -> [String]? {
    switch naming {
    case .release: release
    case .spikingjelly: modules.map { modules in release.map { Self.renamed($0, modules) } }
    }
  }

  /// The naming under which these are this network's names. One that both share counts as the release's.
  func naming(of names: [String]) -> WeightNaming? {
    let given = Self.counted(names)
    return WeightNaming.allCases.first { self.names($0).map(Set.init) == given }
  }

  /// How many of these names this network has under a naming, less those that it has not or misses.
  func likeness(to names: [String], _ naming: WeightNaming) -> Int {
    guard let own = self.names(naming).map(Set.init) else { return .min }
    let given = Self.counted(names)
    return own.intersection(given).count - own.symmetricDifference(given).count
  }

  /// Whose names are wanted and not given, and given and not wanted.
  func differences(
    from names: [String], _ naming: WeightNaming
  ) -> (missing: [String], unknown: [String]) {
    let own = self.names(naming) ?? []
    let given = names.filter(Self.counts)
    return (
      own.filter { !Set(given).contains($0) }, given.filter { !Set(own).contains($0) }
    )
  }

  /// The name under another naming.
  func renamed(_ name: String, from old: WeightNaming, to new: WeightNaming) -> String {
    guard old != new, let modules else { return name }
    if new == .spikingjelly { return Self.renamed(name, modules) }
    return Self.renamed(
      name, Dictionary(uniqueKeysWithValues: modules.map { ($0.value, $0.key) }))
  }

  private static func renamed(_ name: String, _ modules: [String: String]) -> String {
    let (module, last) = parts(name)
    return modules[module].map { "\($0).\(last)" } ?? name
  }

  private static func parts(_ name: String) -> (module: String, last: Substring) {
    let dot = name.lastIndex(of: ".") ?? name.startIndex
    return (String(name[..<dot]), name[dot...].drop { $0 == "." })
  }

  /// PyTorch's batch norm counts batches; a network may be given its counters or not.
  private static func counts(_ name: String) -> Bool { !name.hasSuffix("num_batches_tracked") }
  private static func counted(_ names: [String]) -> Set<String> { Set(names.filter(counts)) }

  // MARK: Rules

  /// SpikingJelly's modules by ours; nil where it has no such network.
  private static func spikingJellyModules(_ release: [String]) -> [String: String]? {
    var modules: [String] = []
    for name in release where !modules.contains(parts(name).module) {
      modules.append(parts(name).module)
    }
    if modules.contains("classifier.1") { return vgg(modules) }
    // The classic residual network has torchvision's names in both.
    let isClassic = modules.contains("fc") && modules.contains("layer1.0.bn1")
    return isClassic
      ? Dictionary(uniqueKeysWithValues: modules.map { ($0, $0) }) : nil
  }

  /// The release counts in each stage anew, and convolution, batch norm, neuron and dropout as four;
  /// SpikingJelly counts through all stages, without a dropout and with the pool that ends a stage.
  private static func vgg(_ modules: [String]) -> [String: String]? {
    var result: [String: String] = [:]
    var stage: Substring = "layer1"
    var next = 0
    for module in modules where module != "classifier.1" {
      let parts = module.split(separator: ".")
      guard parts.count == 2, let index = Int(parts[1]), index % 4 < 2 else { return nil }
      if parts[0] != stage { next += 1 }
      stage = parts[0]
      result[module] = "features.\(next)"
      // After batch norm comes the neuron.
      next += index % 4 == 0 ? 1 : 2
    }
    // SpikingJelly flattens outside of the classifier.
    result["classifier.1"] = "classifier.0"
    return result
  }
}
