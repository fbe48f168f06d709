namespace ActorSocket.ClientTests.Infrastructure;

/// <summary>How a proxy that does not know WebSocket treats the request for one.</summary>
public enum UpgradePolicy
{
    /// <summary>Answers 403 itself, as a company's firewall does.</summary>
    Refuse,

    /// <summary>Forwards the request without the headers of that hop, as nginx does unless told otherwise.</summary>
    Strip,
}
