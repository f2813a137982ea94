import Foundation
import TestSupport
import Testing
import Torch

/// A temporary folder with small data in which the built program is run.
struct Workplace {
  let folder: String

  /// Calls `body` in a new workplace with `data.safetensors`; `trained` adds what `train` left in `run/`.
  static func with<Result>(
    trained: Bool = false, _ body: (Workplace) throws -> Result
  ) throws -> Result {
    try withTemporaryDirectory { path in
      // The program names files by their real path.
      let real = URL(fileURLWithPath: path).resolvingSymlinksInPath().path
      let place = Workplace(folder: real)
      try Safetensors.write(quarters, to: place.path("data.safetensors"))
      if trained {
        for (name, content) in try Self.trained.get() { try place.write(content, to: name) }
      }
      return try body(place)
    }
  }

  /// 40 images of 8×8 pixels; each of four classes is bright in another quarter.
  static let quarters: NamedTensors = {
    let labels = (0..<40).map { $0 * 7 % 4 }
    let noise = Tensor.uniform([40, 1, 8, 8], in: 0...0.5, using: Generator(seed: 4))
    let values = noise.scalars(of: Float.self).enumerated().map { index, value in
      let (row, column) = (index % 64 / 8, index % 8)
      return row / 4 * 2 + column / 4 == labels[index / 64] ? value + 0.35 : value
    }
    return ["images": Tensor(values, shape: [40, 1, 8, 8]), "labels": Tensor(labels)]
  }()

  static let data = "--data tensors:data.safetensors"
  /// A tensors file has no test images of its own.
  static let testData = "--test-data tensors:data.safetensors"
  static let network = "--width 0.125 --time-steps 3"
  static let training =
    "train \(data) \(testData) \(network) --batch-size 8 --epochs 8 --crop 1 --no-flip --seed 3"

  /// What training leaves, made once.
  private static let trained = Result {
    try Workplace.with { place in
      try place.succeed(training + " --out run")
      return try place.files().filter { $0.key.hasPrefix("run/") }
    }
  }

  // MARK: Running

  static let program = Result { try BuiltProduct("spikeguard") }

  /// - Parameter line: arguments, separated by single spaces.
  func run(
    _ line: String, environment: [String: String] = [:],
    interruption: BuiltProduct.Interruption? = nil
  ) throws -> BuiltProduct.Outcome {
    try Self.program.get().run(
      line.split(separator: " ").map(String.init), in: folder, environment: environment,
      interruption: interruption)
  }

  /// Runs it, expects success, and gives what it printed.
  @discardableResult
  func succeed(
    _ line: String, sourceLocation: SourceLocation = #_sourceLocation
  ) throws -> String {
    let outcome = try run(line)
    try #require(
      outcome.exitCode == 0, "\(line): \(outcome.standardError)", sourceLocation: sourceLocation)
    return outcome.standardOutput
  }

  // MARK: Files

  func path(_ name: String) -> String { folder + "/" + name }

  func write(_ content: Data, to name: String) throws {
    let file = URL(fileURLWithPath: path(name))
    try FileManager.default.createDirectory(
      at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
    try content.write(to: file)
  }

  func write(_ tensors: NamedTensors, to name: String) throws {
    try Safetensors.write(tensors, to: path(name))
  }

  func contents(_ name: String) throws -> Data {
    try Data(contentsOf: URL(fileURLWithPath: path(name)))
  }

  func tensors(_ name: String) throws -> NamedTensors {
    try Safetensors.read(from: path(name)).tensors
  }

  func json<Value: Decodable>(_ name: String, as type: Value.Type) throws -> Value {
    try JSONDecoder().decode(type, from: contents(name))
  }

  func has(_ name: String) -> Bool { FileManager.default.fileExists(atPath: path(name)) }

  /// Every file below the folder, with its content.
  func files() throws -> [String: Data] {
    let names = try FileManager.default.subpathsOfDirectory(atPath: folder)
    return Dictionary(
      uniqueKeysWithValues: names.compactMap { name in
        FileManager.default.contents(atPath: path(name)).map { (name, $0) }
      })
  }
}
