using Akka.Actor;
using Akka.Event;

namespace ActorSocket.Sessions;

/// <summary>A message that never leaves its node, so it may carry delegates and completion sources.</summary>
internal interface ILocalMessage : INoSerializationVerificationNeeded, IDeadLetterSuppression;
