namespace ActorSocket.TestKit;

#pragma warning disable CA1032 // the kit alone makes it: no serialisation-style constructors

/// <summary>
/// What a test expected did not come about. Its message says what was awaited, and what came instead. Every test framework takes it for a
/// failure, as any exception.
/// </summary>
/// <param name="message">What was awaited, and what came instead.</param>
/// <param name="innerException">What it comes from.</param>
public sealed class ExpectationException(string message, Exception? innerException = null) : Exception(message, innerException);
