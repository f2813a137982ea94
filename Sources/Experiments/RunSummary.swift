import Foundation

/// One run folder in a few numbers.
public struct RunSummary: Codable, Sendable, Equatable {
  public let path: String
  public let record: RunRecord
  /// Of the last evaluation; nil before the first.
  public let test: Score?
  public let validation: Score?
  public let trainingLoss: Double?
  public let seconds: Double?

  /// The runs in a folder and in those below it, by path. A folder without a readable `manifest.json` is none.
  public static func all(below path: String) -> [RunSummary] {
    let manifest = "manifest.json"
    let nested = (FileManager.default.enumerator(atPath: path)?.compactMap { $0 as? String }) ?? []
    let folders = nested.filter { $0.split(separator: "/").last == manifest[...] }
      .map { $0 == manifest ? path : path + "/" + $0.dropLast(manifest.count + 1) }
    return folders.sorted().compactMap { try? RunSummary(RunFolder(existing: $0)) }
  }

  /// - Throws: what reading `manifest.json` or `metrics.jsonl` throws.
  public init(_ folder: RunFolder) throws {
    path = folder.path
    record = try RunRecord(contentsOf: folder)
    let log = (try? String(contentsOfFile: folder.metrics, encoding: .utf8)) ?? ""
    var scores: [Evaluation.Part: Score] = [:]
    var loss: Double?
    var seconds: Double?
    for line in log.split(separator: "\n") {
      // A killed run's last line may be cut.
      guard let entry = try? JSONDecoder().decode(Entry.self, from: Data(line.utf8)) else { continue }
      if let part = entry.part, let score = entry.score { scores[part] = score }
      if entry.event == "epoch" {
        loss = entry.loss
        seconds = (seconds ?? 0) + (entry.seconds ?? 0)
      }
    }
    test = scores[.test]
    validation = scores[.validation]
    trainingLoss = loss
    self.seconds = seconds
  }

  private struct Entry: Decodable {
    let event: String
    let part: Evaluation.Part?
    let score: Score?
    let loss: Double?
    let seconds: Double?
  }

  /// What the run was told, by setting, without the seed and without what changes no result: equal for runs
  /// that differ in their seed only.
  public var recipe: [String: String] {
    var settings = record.configuration.texts
    for key in ["seed"] + RunConfiguration.runningKeys { settings[key] = nil }
    return settings
  }
}

extension RunConfiguration {
  /// Every setting as text.
  public var texts: [String: String] {
    Dictionary(uniqueKeysWithValues: Self.settings.map { ($0.key, $0.text(self)) })
  }

  /// Settings that change nothing of what is computed.
  static let runningKeys = sections.last!.settings.map(\.key)
}

/// Runs that differ in their seed only.
public struct RunGroup: Codable, Sendable, Equatable {
  public let runs: [RunSummary]
  public let testAccuracy: Spread?

  /// In the order of the first run of each.
  public static func groups(of runs: [RunSummary]) -> [RunGroup] {
    var order: [[String: String]] = []
    var members: [[String: String]: [RunSummary]] = [:]
    for run in runs {
      if members[run.recipe] == nil { order.append(run.recipe) }
      members[run.recipe, default: []].append(run)
    }
    return order.map { RunGroup(members[$0]!) }
  }

  init(_ runs: [RunSummary]) {
    self.runs = runs
    let finished = runs.filter { $0.record.status == .finished }
    testAccuracy = Spread(finished.compactMap { $0.test?.accuracy })
  }
}

/// Mean and sample standard deviation.
public struct Spread: Codable, Sendable, Equatable {
  public let mean: Double
  /// With divisor n − 1; nil of one value.
  public let standardDeviation: Double?
  public let count: Int

  /// Nil of no values.
  public init?(_ values: [Double]) {
    guard !values.isEmpty else { return nil }
    let n = Double(values.count)
    let mean = values.reduce(0, +) / n
    self.mean = mean
    count = values.count
    let squares = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
    standardDeviation = values.count > 1 ? (squares / (n - 1)).squareRoot() : nil
  }
}
