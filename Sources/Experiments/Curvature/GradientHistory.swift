import Foundation

/// What runs logged of their gradients and of λ_max while they trained, read back from `metrics.jsonl`.
public struct GradientHistory: Codable, Sendable, Equatable {
  public struct Run: Codable, Sendable, Equatable {
    /// Who measured the singular values.
    public enum Source: String, Codable, Sendable {
      /// `--spectrum-every`: all singular values.
      case measured
      /// Deflation itself: the largest only.
      case deflation
    }

    public let path: String
    /// Tells it from the others.
    public let title: String
    public let network: NetworkRecipe
    public let deflation: TrainingRecipe.Deflation
    public let status: RunRecord.Status
    public let stepsDone: Int
    /// nil where there are none.
    public let source: Source?
    /// By step; empty where they were not measured.
    public let spectra: [StepSpectrum]
    /// λ_max by step; empty where it was not measured.
    public let curvature: [CurvatureReading]

    /// Every layer that was measured, in the order of the first spectrum that names it.
    public var layers: [String] {
      spectra.reduce(into: []) { all, spectrum in
        for layer in spectrum.layers where !all.contains(layer.name) { all.append(layer.name) }
      }
    }

    /// What was not measured, a sentence each.
    public var notes: [String] {
      var notes: [String] = []
      if spectra.isEmpty {
        notes.append("no singular values of gradients: train with --spectrum-every N")
      } else if source == .deflation {
        notes.append(
          "singular values as deflation found them, the largest only; --spectrum-every N has all")
      }
      let still = spectra.count { $0.layers.isEmpty }
      if still > 0 {
        notes.append(
          "\(still) of \(spectra.count) spectra have no layer in them: those gradients were 0, as behind "
            + "neurons that emit nothing")
      }
      let silent = curvature.filter(\.isSilent)
      if let last = silent.last {
        notes.append(
          "\(silent.count) of \(curvature.count) readings of λ_max, the last at step \(last.step), are of a "
            + "network that is silent in evaluation mode, its last layer of neurons emits nothing: of a VGG they "
            + "are the curvature along the last bias alone, 1/K for K classes before training")
      }
      if curvature.isEmpty { notes.append("no λ_max: train with --curvature-every N") }
      return notes
    }
  }

  public let spikeguard: String
  public let created: String
  public let runs: [Run]

  /// - Throws: ``RunFileError`` where a folder is no run or its log is damaged, ``UsageError`` where a run measured
  ///   nothing, or no run is named.
  public init(of paths: [String]) throws {
    guard !paths.isEmpty else {
      throw UsageError("expected the folder of a run or more, found none; name what `train` left")
    }
    spikeguard = Spikeguard.version
    created = ISO8601DateFormatter().string(from: Date())
    let places = paths.map { URL(fileURLWithPath: $0).resolvingSymlinksInPath().path }
    if let again = places.indices.first(where: { places[..<$0].contains(places[$0]) }) {
      throw UsageError("expected different runs, found \(paths[again]) twice; name each once")
    }
    let titles = Self.titles(of: paths)
    runs = try zip(paths, titles).map { try Run($0, title: $1) }
  }

  /// The last part of each path, or the path where two runs share that.
  static func titles(of paths: [String]) -> [String] {
    let names = paths.map { URL(fileURLWithPath: $0).standardizedFileURL.lastPathComponent }
    return zip(paths, names).map { path, name in
      names.count { $0 == name } > 1 ? path : name
    }
  }
}

extension GradientHistory.Run {
  fileprivate init(_ path: String, title: String) throws {
    let folder = RunFolder(existing: path)
    let record = try RunRecord(contentsOf: folder)
    let metrics = try RunMetrics(
      contentsOf: folder.metrics, isComplete: record.status == .finished)
    let source: Source? =
      !metrics.spectra.isEmpty ? .measured : !metrics.deflation.isEmpty ? .deflation : nil
    guard source != nil || !metrics.curvature.isEmpty else {
      throw UsageError(
        "\(folder.metrics): expected singular values of gradients or λ_max, found neither; train "
          + "with --spectrum-every N, with --curvature-every N, or both")
    }
    self.path = path
    self.title = title
    network = record.configuration.network
    deflation = record.configuration.training.deflation
    status = record.status
    stepsDone = record.stepsDone
    self.source = source
    spectra = source == .measured ? metrics.spectra : metrics.deflation
    curvature = metrics.curvature
  }
}

extension GradientHistory {
  /// One layer of one run in a few numbers, over the native batches.
  public struct LayerSummary: Sendable, Equatable {
    public let run: String
    public let layer: String
    public let readings: Int
    /// σ₁² / ‖G‖_F²
    public let first: Double
    public let median: Double
    public let last: Double
    /// The median of σ₁ / Σσ; nil where it was not measured.
    public let medianNuclearShare: Double?
  }

  /// Run by run, layer by layer.
  public var layerSummaries: [LayerSummary] {
    runs.flatMap { run in
      run.layers.compactMap { name in
        let layers = run.spectra.filter { !$0.isForeign }.compactMap { spectrum in
          spectrum.layers.first { $0.name == name }
        }
        guard let first = layers.first, let last = layers.last else { return nil }
        return LayerSummary(
          run: run.title, layer: name, readings: layers.count, first: first.energyShare,
          median: Self.median(layers.map(\.energyShare)), last: last.energyShare,
          medianNuclearShare: run.source == .measured
            ? Self.median(layers.compactMap(\.nuclearShare)) : nil)
      }
    }
  }

  private static func median(_ values: [Double]) -> Double {
    let sorted = values.sorted()
    let middle = sorted.count / 2
    return sorted.count.isMultiple(of: 2)
      ? (sorted[middle - 1] + sorted[middle]) / 2 : sorted[middle]
  }
}
