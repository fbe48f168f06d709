using ActorSocket.Sessions;

namespace ActorSocket.Connections;

/// <summary>What the connections of one server wait for, beside what their sessions do.</summary>
internal sealed class ConnectionTimers(ActorSocketOptions options, SessionTimers sessions)
{
    /// <summary>For the first namespace (S-33).</summary>
    public SharedTimer Connect { get; } = sessions.Of(options.ConnectTimeout, ConnectionProtocol.ConnectOverdue.Instance);

    /// <summary>For the next attachment of a packet.</summary>
    public SharedTimer Attachments { get; } = sessions.Of(options.AttachmentTimeout, ConnectionProtocol.AttachmentsOverdue.Instance);
}
