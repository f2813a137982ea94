import Foundation

/// What a worker is asked, one JSON object a line. `Benchmarks/peers/serving.py` says what they mean.
struct WorkerRequest: Codable {
  let run: String
  var count: Int?
  var out: String?
  var dtype: String?
  /// The first images of the batch, all if not given.
  var images: Int?
  /// Images classified at a time.
  var chunk: Int?
  /// Of an attack.
  var steps: Int?
  /// A file of starting points, for PGD or power iteration.
  var start: String?
  /// A file of vectors to multiply.
  var vectors: String?
  /// Of random starts.
  var seed: UInt64?
  /// How many eigenvalues.
  var top: Int?
  /// Of the eigenvalues' residuals, relative to the largest.
  var tolerance: Double?
}

/// What it answers; which fields are there depends on the question.
struct WorkerAnswer: Codable {
  var error: String?
  var seconds: [Double]?
  var losses: [Double]?
  var loss: Double?
  var accuracy: Double?
  var correct: Int?
  var products: Int?
  var iterations: [Int]?
  var eigenvalues: [Double]?
  /// ‖Hx − θx‖ / ‖x‖, measured.
  var residuals: [Double]?
  var asymmetry: Double?
  var threads: Int?
  var versions: [String: String]?
}

/// A child process that trains on request.
///
/// Both sides of the step are such processes: each has its own peak memory, and none inherits what the other
/// left behind.
final class Worker {
  let name: String
  private let process = Process()
  private let input = Pipe()
  private let output = Pipe()
  private var pending = Data()

  init(
    _ name: String, _ executable: String, _ arguments: [String],
    environment: [String: String] = [:]
  ) throws {
    self.name = name
    process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
    process.executableURL = URL(fileURLWithPath: executable)
    process.arguments = arguments
    process.standardInput = input
    process.standardOutput = output
    try process.run()
  }

  deinit {
    try? input.fileHandleForWriting.close()
    process.waitUntilExit()
  }

  func ask(_ request: WorkerRequest) throws -> WorkerAnswer {
    try input.fileHandleForWriting.write(
      contentsOf: try JSONEncoder().encode(request) + Data([10]))
    let answer = try JSONDecoder().decode(WorkerAnswer.self, from: try line())
    if let error = answer.error { throw WorkerFailure(name: name, reason: error) }
    return answer
  }

  private func line() throws -> Data {
    while true {
      if let end = pending.firstIndex(of: 10) {
        defer { pending = Data(pending[(end + 1)...]) }
        return Data(pending[..<end])
      }
      let more = output.fileHandleForReading.availableData
      guard !more.isEmpty else {
        throw WorkerFailure(name: name, reason: "it ended without an answer; its message is above")
      }
      pending += more
    }
  }

  /// What its threads have used of the processors so far: other programs' work does not count in it.
  var processorSeconds: Double? {
    let line = try? String(
      contentsOfFile: "/proc/\(process.processIdentifier)/stat", encoding: .utf8)
    // The fields after the program's name, which is in brackets and may hold spaces.
    guard let rest = line?.split(separator: ")").last?.split(separator: " "), rest.count > 12,
      let user = Double(rest[11]), let system = Double(rest[12])
    else { return nil }
    return (user + system) / Double(sysconf(Int32(_SC_CLK_TCK)))
  }

  /// From now on `VmHWM` counts anew, from what is resident.
  func forgetPeak() throws {
    try Data("5".utf8).write(
      to: URL(fileURLWithPath: "/proc/\(process.processIdentifier)/clear_refs"))
  }

  /// A line of /proc/PID/status in bytes: `VmHWM`, the highest resident memory so far, or `VmRSS`, that of now.
  func memory(_ key: String) -> Int? {
    let path = "/proc/\(process.processIdentifier)/status"
    let lines = (try? String(contentsOfFile: path, encoding: .utf8))?.split(separator: "\n") ?? []
    let fields = lines.first { $0.hasPrefix(key + ":") }?.split(whereSeparator: \.isWhitespace)
    return fields.flatMap { Int($0[1]) }.map { $0 * 1024 }
  }
}

struct WorkerFailure: Error, CustomStringConvertible {
  let name: String
  let reason: String
  var description: String { "\(name): \(reason)" }
}
