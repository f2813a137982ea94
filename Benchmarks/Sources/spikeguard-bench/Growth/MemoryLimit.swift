import Foundation

/// Runs a body that starts processes which may allocate only so many bytes each: more is refused
/// instead of driving the machine out of memory, where the kernel would end a process of its
/// choice.
func withMemoryLimit<Result>(_ bytes: Int, _ body: () throws -> Result) throws -> Result {
  // Processes inherit the limit that holds when they start.
  let resource = __rlimit_resource_t(RLIMIT_DATA.rawValue)
  var old = rlimit()
  guard getrlimit(resource, &old) == 0 else { throw MemoryLimitError.refused(errno) }
  var new = old
  new.rlim_cur = min(old.rlim_max, rlim_t(bytes))
  guard setrlimit(resource, &new) == 0 else { throw MemoryLimitError.refused(errno) }
  defer { setrlimit(resource, &old) }
  return try body()
}

/// What the machine could give to new processes, in bytes.
func availableMemory() throws -> Int {
  let lines = try String(contentsOfFile: "/proc/meminfo", encoding: .utf8).split(separator: "\n")
  let line = lines.first { $0.hasPrefix("MemAvailable:") }?.split(whereSeparator: \.isWhitespace)
  guard let line, line.count > 1, let kibibytes = Int(line[1]) else {
    throw MemoryLimitError.unknownMemory
  }
  return kibibytes * 1024
}

enum MemoryLimitError: Error, CustomStringConvertible {
  case refused(Int32)
  case unknownMemory

  var description: String {
    switch self {
    case .refused(let code):
      "the system refused to limit the memory of a process: \(String(cString: strerror(code)))"
    case .unknownMemory: "/proc/meminfo: expected a line 'MemAvailable: N kB', found none"
    }
  }
}
