import ArgumentParser
import Foundation

/// SIGINT and SIGTERM as a wish to stop: the command saves what it has (a training its checkpoint, a measurement
/// what is done) and ends with the code that shells know for the signal. A second signal ends the program at once.
enum Interruption {
  // Written by the handler only, once, from 0 to the signal's number.
  nonisolated(unsafe) private static var received: sig_atomic_t = 0

  /// The signal that came, if one did.
  static var signal: Int32? { received == 0 ? nil : received }

  /// 130 for SIGINT, 143 for SIGTERM.
  static func exitCode(_ signal: Int32) -> Int32 { 128 + signal }

  static var isWished: Bool { received != 0 }

  /// Of a command that stopped because of it.
  static var exit: ExitCode { ExitCode(exitCode(signal ?? SIGINT)) }

  static func listen() {
    // Nobody reads the progress any more: the run goes on.
    Foundation.signal(SIGPIPE, SIG_IGN)
    for number in [SIGINT, SIGTERM] {
      Foundation.signal(number) { number in
        if Interruption.received != 0 { _exit(Interruption.exitCode(number)) }
        Interruption.received = number
      }
    }
  }
}
