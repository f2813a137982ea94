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

  /// - Throws: ``RunFileError`` that names the file, and the line of the log, that is not what a run writes.
  ///   Only the last line of a run that is not finished may be cut: it is left out.
  public init(_ folder: RunFolder) throws(RunFileError) {
    path = folder.path
    record = try RunRecord(contentsOf: folder)
    // A run makes its log before its first step.
    let hasLog = FileManager.default.fileExists(atPath: folder.metrics)
    guard hasLog || record.stepsDone > 0 else {
      (test, validation, trainingLoss, seconds) = (nil, nil, nil, nil)
      return
    }
    let metrics = try RunMetrics(
      contentsOf: folder.metrics, isComplete: record.status == .finished)
    test = metrics.scores[.test]
    validation = metrics.scores[.validation]
    trainingLoss = metrics.trainingLoss
    seconds = metrics.seconds
  }

  /// What lies below a folder: its runs, and what looks like one and cannot be read.
  public struct Found: Sendable, Equatable {
    public internal(set) var runs: [RunSummary] = []
    public internal(set) var unreadable: [Unreadable] = []
  }

  /// A folder with a `manifest.json` whose run cannot be read, and why.
  public struct Unreadable: Sendable, Equatable {
    public let path: String
    public let reason: RunFileError
  }

  /// The runs in a folder and in those below it, by path. A folder without a `manifest.json` is none.
  public static func all(below path: String) -> Found {
    let manifest = "manifest.json"
    let nested = (FileManager.default.enumerator(atPath: path)?.compactMap { $0 as? String }) ?? []
    let folders = nested.filter { $0.split(separator: "/").last == manifest[...] }
      .map { $0 == manifest ? path : path + "/" + $0.dropLast(manifest.count + 1) }
    var found = Found()
    for folder in folders.sorted() {
      do throws(RunFileError) {
        found.runs.append(try RunSummary(RunFolder(existing: folder)))
      } catch {
        found.unreadable.append(Unreadable(path: folder, reason: error))
      }
    }
    return found
  }

  /// What the run was told, by setting, and the data's checksums, without the seed and without what changes no result: equal for runs
  /// that differ in their seed only.
  public var recipe: [String: String] {
    var settings = record.configuration.texts
    for key in ["seed"] + RunConfiguration.runningKeys { settings[key] = nil }
    // A file may have been replaced under the same name.
    settings["training data"] = record.trainingData.crc32
    settings["test data"] = record.testData?.crc32
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
  /// Over seeds: a run that repeats another's seed does not count again.
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
    var bySeed: [UInt64: Double] = [:]
    for run in runs where run.record.status == .finished {
      guard let accuracy = run.test?.accuracy, bySeed[run.record.seed] == nil else { continue }
      bySeed[run.record.seed] = accuracy
    }
    testAccuracy = Spread(bySeed.sorted { $0.key < $1.key }.map(\.value))
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
