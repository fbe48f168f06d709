using System.Diagnostics;
using ActorSocket.ClientTests.Infrastructure;
using OpenTelemetry;
using OpenTelemetry.Trace;
using Xunit.Abstractions;

namespace ActorSocket.ClientTests;

/// <summary>What OpenTelemetry exports of a client of the official library that is in a trace. The case is in node/tracing.mjs.</summary>
public sealed class TracingTests(ITestOutputHelper output) : ClientTest("tracing", output)
{
    private const string OfConnection = "0af7651916cd43dd8448eb211c80319c";
    private const string OfEvent = "4bf92f3577b34da6a3ce929d0e0e4736";

    [Theory]
    [EachTransport]
    public async Task A_client_may_be_the_parent_of_its_connection_and_of_its_events(string mode)
    {
        var spans = new List<Activity>();
        using (Sdk.CreateTracerProviderBuilder().AddSource("ActorSocket").AddInMemoryExporter(spans).Build())
        {
            await using var server = await RealServer.StartAsync(Output, static options => options.ReadTraceParent = OfLast);
            await using var client = await StartAsync(server.Url, mode);
            await client.FinishAsync();
        }

        var connect = Assert.Single(spans, static span => span.TraceId.ToHexString() == OfConnection && span.DisplayName == "connect /");
        Assert.Equal("b7ad6b7169203331", connect.ParentSpanId.ToHexString());
        Assert.Equal(ActivityKind.Server, connect.Kind);
        Assert.Equal("socketio", connect.GetTagItem("messaging.system"));
        Assert.Equal("/", connect.GetTagItem("messaging.destination.name"));
        Assert.Single(spans, span => span.DisplayName == "connection /" && span.ParentSpanId == connect.SpanId); // other tests have theirs

        var events = spans.FindAll(span => span.Links.Any(link => link.Context.SpanId == connect.SpanId));
        Assert.Equal(
            ["process add", "process add", "process add", "process", "process boom"],
            events.Select(static one => one.DisplayName),
            StringComparer.Ordinal);
        var (withParent, without, unreadable, unknown, boom) = (events[0], events[1], events[2], events[3], events[4]);
        Assert.Equal(OfEvent, withParent.TraceId.ToHexString());
        Assert.Equal("00f067aa0ba902b7", withParent.ParentSpanId.ToHexString());
        Assert.Equal(ActivityKind.Consumer, withParent.Kind);
        Assert.Equal("process", withParent.GetTagItem("messaging.operation.type"));
        Assert.Equal("add", withParent.GetTagItem("actorsocket.event"));
        Assert.True((int)withParent.GetTagItem("messaging.message.body.size")! > 60);
        Assert.Equal(default, without.ParentSpanId);
        Assert.Equal(default, unreadable.ParentSpanId);
        Assert.Equal("BAD_ARGUMENT", unreadable.GetTagItem("error.type"));
        Assert.Equal(ActivityStatusCode.Unset, unreadable.Status); // the client's fault
        Assert.Null(unknown.GetTagItem("actorsocket.event")); // a word of the client's
        Assert.Equal(ActivityStatusCode.Error, boom.Status);
        Assert.Equal("System.InvalidOperationException", boom.GetTagItem("error.type"));
    }

    private static string? OfLast(SocketArguments arguments) =>
        arguments.Count > 0
        && arguments[^1].ToJsonElement() is { ValueKind: System.Text.Json.JsonValueKind.Object } last
        && last.TryGetProperty("traceparent", out var parent)
            ? parent.GetString()
            : null;
}
