using System.Security.Claims;
using ActorSocket.Data;

namespace ActorSocket.Recovery;

/// <summary>A socket, as what can be lost.</summary>
internal interface IRecoverable
{
    string Id { get; }

    /// <summary>What its client recovers it by; null when recovery is off.</summary>
    string? RecoverySecret { get; }

    /// <summary>Where in the log it begins.</summary>
    RecoveryStart RecoveryStart { get; }

    /// <summary>Its rooms, also while it ends.</summary>
    IReadOnlyCollection<string> CurrentRooms { get; }

    SocketData Bag { get; }

    /// <summary>Who its client is; null for nobody that is known.</summary>
    ClaimsPrincipal? KnownUser { get; }

    bool Connected { get; }

    /// <summary>Whether nothing of it is handled any more.</summary>
    bool IsOver { get; }
}
