import Foundation
import Torch

/// Where the numbers come from.
struct Machine: Codable {
  let processor: String
  let cores: Int
  let memoryGiB: Double
  let system: String
  let engine: String
  let vectorInstructions: String
  let waitPolicy: String
  let date: String
  let loadAverage: Double

  static var current: Machine {
    let info = ProcessInfo.processInfo
    return Machine(
      processor: processorName, cores: info.activeProcessorCount,
      memoryGiB: Double(info.physicalMemory) / 1_073_741_824,
      system: info.operatingSystemVersionString, engine: Engine.version,
      vectorInstructions: Engine.cpuCapability,
      waitPolicy: info.environment["OMP_WAIT_POLICY"] ?? "default",
      date: ISO8601DateFormatter().string(from: Date()), loadAverage: loadNow)
  }

  var description: String {
    "\(processor), \(cores) cores, \(formatted(memoryGiB, 3)) GiB; LibTorch \(engine) "
      + "(\(vectorInstructions)), \(Engine.threads) threads, OMP_WAIT_POLICY \(waitPolicy); \(date)"
  }

  /// Processes that ran or wanted to, averaged over the last minute.
  static var loadNow: Double {
    var loads = [0.0, 0, 0]
    return getloadavg(&loads, 3) > 0 ? loads[0] : .nan
  }

  func warnIfBusy() {
    let load = Self.loadNow
    guard load > Double(cores) else { return }
    say(
      "warning: load average \(formatted(load, 3)) on \(cores) cores: others work here too; "
        + "trust the ratios more than the times")
  }

  private static var processorName: String {
    let lines = (try? String(contentsOfFile: "/proc/cpuinfo", encoding: .utf8)) ?? ""
    let line = lines.split(separator: "\n").first { $0.hasPrefix("model name") }
    let name = line?.split(separator: ":").last.map { $0.trimmingCharacters(in: .whitespaces) }
    return name ?? "unknown processor"
  }
}
