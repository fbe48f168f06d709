using System.Collections;
using System.Collections.Concurrent;
using System.Diagnostics;
using OpenTelemetry;
using OpenTelemetry.Trace;

namespace ActorSocket.IntegrationTests.Diagnostics;

/// <summary>What OpenTelemetry exports of an event on its way over two nodes.</summary>
public sealed class TracingTests
{
    [Fact]
    public async Task An_event_is_one_trace_from_its_handler_to_the_clients_of_other_nodes_and_into_entities()
    {
        RoomEntities<Counter>? counters = null;
        void Map(ActorSocketServer io)
        {
            var own = io.MapEntities<Counter>("traced");
            counters ??= own;
            io.OnConnection(async socket =>
            {
                await socket.JoinAsync("traced");
                socket.On("shout", async () =>
                {
                    io.To("traced").Emit("shouted");
                    // Some of these live on the other node.
                    for (var id = 0; id < 8; id++)
                        await own.InvokeAsync<int>($"{id}", "add", 1);
                    own.Send("0", "add", 1);
                });
            });
        }
        var spans = new Spans();
        using var provider = Sdk.CreateTracerProviderBuilder().AddSource("ActorSocket").AddInMemoryExporter(spans).Build();
        await using var first = await Node.StartAsync(map: Map);
        await using var second = await Node.JoinAsync(first, Map);
        await Node.MeetAsync(first, second);
        await using var ada = await PollingClient.ConnectAsync(first, "Ada");
        await using var bob = await PollingClient.ConnectAsync(second, "Bob");
        await Node.UntilAsync(() => first.Server.Sockets.Count == 1 && second.Server.Sockets.Count == 1, "both to be there");
        await ada.SendAsync("42[\"shout\"]");
        Assert.Equal("42[\"shouted\"]", await bob.NextAsync());
        await Node.UntilAsync(() => spans.Count(static span => span.DisplayName == "traced/add") == 18, "the calls' spans");

        var process = Assert.Single(spans, static span => span.DisplayName == "process shout");
        var trace = spans.Where(span => span.TraceId == process.TraceId).ToList();
        var send = Assert.Single(trace, static span => span.DisplayName == "send shouted");
        Assert.Equal(process.SpanId, send.ParentSpanId);
        Assert.Equal((ActivityKind.Producer, "send"), (send.Kind, send.GetTagItem("messaging.operation.type")));
        var deliver = Assert.Single(trace, static span => span.DisplayName == "deliver /");
        Assert.Equal(send.SpanId, deliver.ParentSpanId);
        Assert.True(deliver.HasRemoteParent);
        Assert.Equal((ActivityKind.Consumer, "receive"), (deliver.Kind, deliver.GetTagItem("messaging.operation.type")));

        var calls = trace.Where(static span =>
            span.Kind is ActivityKind.Client or ActivityKind.Producer && span.DisplayName == "traced/add");
        Assert.Equal(9, calls.Count());
        foreach (var call in calls)
        {
            Assert.Equal(process.SpanId, call.ParentSpanId);
            Assert.Equal("traced", call.GetTagItem("rpc.service"));
            Assert.Equal("add", call.GetTagItem("rpc.method"));
            var served = Assert.Single(trace, span => span.ParentSpanId == call.SpanId);
            Assert.Equal(ActivityKind.Server, served.Kind);
        }
    }

    [Fact]
    public async Task An_event_between_servers_is_one_trace_with_what_its_handlers_do()
    {
        static void Map(ActorSocketServer io)
        {
            io.OnServerEvent("sync", (string text) => io.Emit("synced", text));
            io.OnServerEvent("add", static (int a, int b) => a + b);
            io.OnServerEvent("fail", (Action)(static () => throw new EventException("not now") { Code = "LATER" }));
        }
        var spans = new Spans();
        using var provider = Sdk.CreateTracerProviderBuilder().AddSource("ActorSocket").AddInMemoryExporter(spans).Build();
        await using var first = await Node.StartAsync(map: Map);
        await using var second = await Node.JoinAsync(first, Map);
        await Node.MeetAsync(first, second);
        first.Server.ServerSide.Emit("sync", "text");
        Assert.Equal([3], await first.Server.ServerSide.EmitWithAckAsync<int>("add", 1, 2));
        first.Server.ServerSide.Emit("fail");
        first.Server.ServerSide.Emit("nobody handles it");
        await Node.UntilAsync(
            () => ((string[])["process sync", "process add", "process fail", "send synced"])
                .All(name => spans.Any(span => span.DisplayName == name)),
            "the other node's spans");

        foreach (var name in (string[])["sync", "add", "fail"])
        {
            var send = Assert.Single(spans, span => span.DisplayName == "send " + name);
            Assert.Equal((ActivityKind.Producer, "/"), (send.Kind, send.GetTagItem("messaging.destination.name")));
            var process = Assert.Single(spans, span => span.DisplayName == "process " + name);
            Assert.Equal((send.TraceId, send.SpanId, true), (process.TraceId, process.ParentSpanId, process.HasRemoteParent));
            Assert.Equal((ActivityKind.Consumer, "process"), (process.Kind, process.GetTagItem("messaging.operation.type")));
            Assert.Equal(name == "fail" ? "LATER" : null, process.GetTagItem("error.type"));
        }
        var emitted = Assert.Single(spans, static span => span.DisplayName == "send synced");
        Assert.Equal(Assert.Single(spans, static span => span.DisplayName == "process sync").SpanId, emitted.ParentSpanId);
        Assert.DoesNotContain(spans, static span => span.DisplayName == "process nobody handles it");
    }

    internal sealed class Counter : RoomEntity
    {
        private int _sum;

        [Event("add")]
        public int Add(int number) => _sum += number;
    }

    /// <summary>What is read while it is added to.</summary>
    private sealed class Spans : ICollection<Activity>
    {
        private readonly ConcurrentQueue<Activity> _all = new();

        public int Count => _all.Count;

        public bool IsReadOnly => false;

        public void Add(Activity item) => _all.Enqueue(item);

        public void Clear() => _all.Clear();

        public bool Contains(Activity item) => _all.Contains(item);

        public void CopyTo(Activity[] array, int arrayIndex) => _all.CopyTo(array, arrayIndex);

        public bool Remove(Activity item) => false;

        public IEnumerator<Activity> GetEnumerator() => _all.GetEnumerator();

        IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();
    }
}
