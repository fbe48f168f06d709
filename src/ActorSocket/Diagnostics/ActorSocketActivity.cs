using System.Diagnostics;

namespace ActorSocket.Diagnostics;

/// <summary>
/// The activity source "ActorSocket": what happens to a message, as spans of OpenTelemetry's messaging conventions, a call of an entity as
/// one of those for RPC. Nothing is made while nobody listens: who is on the way of a message asks <see cref="IsOn"/> first.
/// </summary>
/// <remarks>
/// Tags are an application's words: an event's name only when something handles it, the name of a namespace only when no client chose it
/// (<c>MetricsName</c>). A context travels as text: a <c>traceparent</c>, and behind a space the <c>tracestate</c>, if there is one.
/// </remarks>
internal static class ActorSocketActivity
{
    public const string SourceName = "ActorSocket";

    private const int MaxContextLength = 600; // 55 of a traceparent, and 512 of a tracestate, as the specification has it

    private static readonly ActivitySource Source = new(SourceName);

    /// <summary>Whether anybody listens.</summary>
    public static bool IsOn => Source.HasListeners();

    /// <summary>The context that goes along with what is sent now; empty when there is none, or nobody listens.</summary>
    public static string Current =>
        IsOn && Activity.Current is { IdFormat: ActivityIdFormat.W3C, Id: { } id } current
            ? string.IsNullOrEmpty(current.TraceStateString) ? id : $"{id} {current.TraceStateString}"
            : "";

    /// <summary>A client connects to a namespace: its sign-in and its middleware.</summary>
    public static Activity? StartConnect(string ns, string? context) =>
        Named(StartApart("connect " + ns, ActivityKind.Server, ContextOf(context), null), ns);

    /// <summary>What is done for a client that is connected.</summary>
    public static Activity? StartConnection(string ns, Activity? connect) =>
        Named(StartApart("connection " + ns, ActivityKind.Internal, connect?.Context ?? default, null), ns);

    /// <summary>
    /// An event is handled. A connection lasts for hours, so that its span is not the parent of all of its events, but linked to.
    /// </summary>
    /// <param name="ns">Its namespace.</param>
    /// <param name="eventName">Its name; null when nothing handles it.</param>
    /// <param name="bytes">Its size.</param>
    /// <param name="context">What its client sent along, or the server that raised it.</param>
    /// <param name="connect">The span of the connection; null of a server's event.</param>
    public static Activity? StartProcess(string ns, string? eventName, int bytes, string? context, Activity? connect)
    {
        ActivityLink[]? links = connect is null ? null : [new ActivityLink(connect.Context)];
        var name = eventName is null ? "process" : "process " + eventName;
        var activity = Named(StartApart(name, ActivityKind.Consumer, ContextOf(context), links), ns, "process", "process");
        if (activity is not { IsAllDataRequested: true })
            return activity;
        if (eventName is not null)
            activity.SetTag("actorsocket.event", eventName);
        return activity.SetTag("messaging.message.body.size", bytes);
    }

    /// <summary>An event is emitted: to one, to many, or to clients that are to answer.</summary>
    public static Activity? StartSend(string ns, string eventName) =>
        Named(Source.StartActivity("send " + eventName, ActivityKind.Producer), ns, "send", "send")?.SetTag("actorsocket.event", eventName);

    /// <summary>What another node emitted is delivered on this one.</summary>
    public static Activity? StartDeliver(string ns, string context) =>
        context.Length == 0 || !IsOn
            ? null
            : Named(StartApart("deliver " + ns, ActivityKind.Consumer, ContextOf(context), null), ns, "deliver", "receive");

    /// <summary>An entity's method is called, wherever it lives.</summary>
    public static Activity? StartCall(string type, string method, bool wantsAnswer) =>
        Called(Source.StartActivity($"{type}/{method}", wantsAnswer ? ActivityKind.Client : ActivityKind.Producer), type, method);

    /// <summary>An entity's method runs.</summary>
    public static Activity? StartServe(string type, string method, string context) =>
        Called(StartApart($"{type}/{method}", ActivityKind.Server, ContextOf(context), null), type, method);

    /// <summary>It failed; what a client or a caller is to blame for is told apart from what is an error here.</summary>
    public static void Failed(this Activity activity, Exception error, string? refusal)
    {
        activity.SetTag("error.type", refusal ?? error.GetType().FullName);
        if (refusal is null)
            activity.SetStatus(ActivityStatusCode.Error);
    }

    /// <summary>
    /// Not below what happens to run on this thread, such as the request by which a WebSocket came: in an asynchronous method, which gives
    /// its caller back what was current.
    /// </summary>
    private static Activity? StartApart(string name, ActivityKind kind, ActivityContext parent, ActivityLink[]? links)
    {
        Activity.Current = null;
        return Source.StartActivity(name, kind, parent, tags: null, links);
    }

    private static Activity? Named(Activity? activity, string ns, string? operation = null, string? type = null)
    {
        if (activity is not { IsAllDataRequested: true })
            return activity;
        activity.SetTag("messaging.system", "socketio").SetTag("messaging.destination.name", ns);
        if (operation is not null)
            activity.SetTag("messaging.operation.name", operation).SetTag("messaging.operation.type", type);
        return activity;
    }

    private static Activity? Called(Activity? activity, string type, string method) =>
        activity is { IsAllDataRequested: true }
            ? activity.SetTag("rpc.system", "actorsocket").SetTag("rpc.service", type).SetTag("rpc.method", method)
            : activity;

    /// <summary>None where the text is none: a client wrote it, or nobody.</summary>
    private static ActivityContext ContextOf(string? text)
    {
        if (text is null or { Length: 0 or > MaxContextLength })
            return default;
        var space = text.IndexOf(' ', StringComparison.Ordinal);
        var (parent, state) = space < 0 ? (text, null) : (text[..space], text[(space + 1)..]);
        return ActivityContext.TryParse(parent, state, isRemote: true, out var context) ? context : default;
    }
}
