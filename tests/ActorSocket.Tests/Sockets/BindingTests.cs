using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;

namespace ActorSocket.Tests.Sockets;

/// <summary>What a handler's parameters, and the types of answers, take of what a client sends.</summary>
public sealed class BindingTests : ServerTest
{
    [Fact]
    public async Task A_missing_argument_that_is_bound_to_JSON_is_null_and_can_be_emitted()
    {
        var (_, session, webSocket) = await JoinAsync(static socket =>
        {
            socket.On("echo", static (JsonElement missing) => missing);
            socket.On(
                "kind",
                static (int number, JsonElement missing, JsonElement? none) => $"{number} {missing.ValueKind} {none.HasValue}"
            );
            socket.On("part", static (Part part) => part);
            socket.On("ask", async () => (await socket.EmitWithAckAsync<JsonElement>("question")).ValueKind.ToString());
            socket.On(
                "all",
                async () =>
                    (await socket.Namespace.Timeout(Patience).EmitWithAckAsync<JsonElement>("question")).Select(static answer =>
                        answer.ValueKind.ToString()
                    )
            );
        });
        session.Send("""421["echo"]""");
        Assert.Equal("431[null]", await webSocket.NextAsync());
        session.Send("""422["kind",7]""");
        Assert.Equal("432[\"7 Null False\"]", await webSocket.NextAsync());
        session.Send("""423["part",{}]""");
        Assert.Equal("433[{\"rest\":null}]", await webSocket.NextAsync());
        session.Send("""424["ask"]""");
        Assert.Equal("420[\"question\"]", await webSocket.NextAsync());
        session.Send("430[]");
        Assert.Equal("434[\"Null\"]", await webSocket.NextAsync());
        session.Send("""425["all"]""");
        var question = await webSocket.NextAsync();
        session.Send("43" + question[2..question.IndexOf('[', StringComparison.Ordinal)] + "[]");
        Assert.Equal("435[[\"Null\"]]", await webSocket.NextAsync());
    }

    [Fact]
    public async Task An_argument_of_several_kinds_is_the_one_that_it_says_it_is()
    {
        var (_, session, webSocket) = await JoinAsync(static socket =>
            socket.On("area", static (Shape shape) => shape is Square square ? square.Side * square.Side : -1)
        );
        session.Send("""421["area",{"kind":"square","side":3}]""");
        Assert.Equal("431[9]", await webSocket.NextAsync());
    }

    [Fact]
    public async Task A_room_that_is_asked_answers_with_all_arguments_for_who_wants_them()
    {
        var (_, session, webSocket) = await JoinAsync(static socket =>
            socket.On(
                "all",
                async () =>
                    (await socket.Namespace.Timeout(Patience).EmitWithAckAsync<SocketArguments>("question")).Select(static answer =>
                        $"{answer!.Count}: {answer[1]}"
                    )
            )
        );
        session.Send("""421["all"]""");
        var question = await webSocket.NextAsync();
        session.Send("43" + question[2..question.IndexOf('[', StringComparison.Ordinal)] + "[1,{\"two\":2}]");
        Assert.Equal("""431[["2: {\"two\":2}"]]""", (await webSocket.NextAsync()).Replace("\\u0022", "\\\"", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("""42["bytes","AQID"]""", "text where binary data is expected")]
    [InlineData("""42["memory","AQID"]""", "text where binary data is expected")]
    [InlineData("""42["stream","AQID"]""", "text where binary data is expected")]
    [InlineData("""42["file",{"name":"a","data":"AQID"}]""", "text where binary data is expected")]
    [InlineData("""42["files",[{"name":"a","data":"AQID"}]]""", "text where binary data is expected")]
    [InlineData("""451-["file",{"name":"a","data":"AQID","more":{"_placeholder":true,"num":0}}]""", "text where binary data is expected")]
    [InlineData(
        """451-["element",{"a":{"_placeholder":true,"num":0}}]""",
        "takes a JsonElement, which cannot hold any. Take SocketArgument"
    )]
    [InlineData("""451-["element",{"_placeholder":true,"num":0}]""", "takes a JsonElement")]
    [InlineData("""451-["part",{"rest":[[{"_placeholder":true,"num":0}]]}]""", "takes a JsonElement")]
    [InlineData("""451-["node",[{"_placeholder":true,"num":0}]]""", "takes a JsonNode")]
    [InlineData("""451-["json",{"a":{"_placeholder":true,"num":0}}]""", "takes a JsonObject")]
    [InlineData("""451-["document",{"a":{"_placeholder":true,"num":0}}]""", "takes a JsonDocument")]
    [InlineData("""451-["any",{"a":{"_placeholder":true,"num":0}}]""", "takes a Object")]
    public async Task Text_is_no_binary_and_binary_no_JSON_and_the_application_is_told_what_to_do(string packet, string message)
    {
        var failed = new TaskCompletionSource<Exception>(TaskCreationOptions.RunContinuationsAsynchronously);
        var (_, session, webSocket) = await JoinAsync(socket =>
        {
            socket.OnError(error => failed.TrySetResult(error));
            socket.On("bytes", static (byte[] _) => Assert.Fail("called"));
            socket.On("memory", static (ReadOnlyMemory<byte> _) => Assert.Fail("called"));
            socket.On("stream", static (Stream _) => Assert.Fail("called"));
            socket.On("file", static (Upload _) => Assert.Fail("called"));
            socket.On("files", static (Upload[] _) => Assert.Fail("called"));
            socket.On("element", static (JsonElement _) => Assert.Fail("called"));
            socket.On("part", static (Part _) => Assert.Fail("called"));
            socket.On("node", static (JsonNode _) => Assert.Fail("called"));
            socket.On("json", static (JsonObject _) => Assert.Fail("called"));
            socket.On("document", static (JsonDocument _) => Assert.Fail("called"));
            socket.On("any", static (object _) => Assert.Fail("called"));
        });
        session.Send(packet);
        if (packet.StartsWith("451", StringComparison.Ordinal))
            session.Connection.Inbound.AddBinary(webSocket, [7]);
        session.Connection.Inbound.EndOfRead();
        var error = await failed.Task.WaitAsync(Patience);
        for (var inner = error; inner is not null; inner = inner.InnerException!)
        {
            if (inner.Message.Contains(message, StringComparison.Ordinal))
                return;
        }
        Assert.Fail(error.ToString());
    }

    [Fact]
    public async Task An_argument_of_any_shape_is_taken_as_a_SocketArgument_and_keeps_its_binary()
    {
        var (_, session, webSocket) = await JoinAsync(static socket =>
        {
            socket.On(
                "relay",
                static (SocketArgument what, SocketArgument missing) =>
                    new object[] { what, missing, what.ToJsonElement(), what.As<Dictionary<string, byte[]>>()!["a"][0] }
            );
            socket.On(
                "any",
                static (object bytes, Dictionary<string, object> map) => $"{((byte[])bytes)[0]} {((byte[])map["a"])[0]} {map["b"]}"
            );
            socket.On("plain", static (JsonElement element, JsonNode node, object any) => $"{element} {node} {any}");
            socket.On("ask", async () => await socket.EmitWithAckAsync<SocketArgument>("question"));
        });
        Send("""451-1["relay",{"a":{"_placeholder":true,"num":0}}]""");
        Assert.Equal("""461-1[[{"a":{"_placeholder":true,"num":0}},null,{"a":"Bw=="},7]]""", await webSocket.NextAsync());
        Assert.Equal("<07>", await webSocket.NextAsync());
        Send("""451-2["any",{"_placeholder":true,"num":0},{"a":{"_placeholder":true,"num":0},"b":5}]""");
        Assert.Equal("432[\"7 7 5\"]", await webSocket.NextAsync());
        Send("""451-3["plain",1,"x",[2],{"_placeholder":true,"num":0}]"""); // beside them
        Assert.Equal("433[\"1 x [2]\"]", await webSocket.NextAsync());
        session.Send("""424["ask"]""");
        Assert.Equal("420[\"question\"]", await webSocket.NextAsync());
        Send("""461-0[{"_placeholder":true,"num":0}]""");
        Assert.Equal("""461-4[{"_placeholder":true,"num":0}]""", await webSocket.NextAsync());

        void Send(string packet)
        {
            session.Send(packet);
            session.Connection.Inbound.AddBinary(webSocket, [7]);
            session.Connection.Inbound.EndOfRead();
        }
    }

    [Fact]
    public async Task An_answer_with_binary_where_JSON_is_expected_is_an_error_that_says_what_to_take()
    {
        var outcome = new TaskCompletionSource<Exception>(TaskCreationOptions.RunContinuationsAsynchronously);
        var (_, session, webSocket) = await JoinAsync(socket =>
            socket.On(
                "go",
                async () => outcome.TrySetResult((await Record.ExceptionAsync(() => socket.EmitWithAckAsync<JsonElement>("question")))!)
            )
        );
        session.Send("""42["go"]""");
        Assert.Equal("420[\"question\"]", await webSocket.NextAsync());
        session.Send("""461-0[{"_placeholder":true,"num":0}]""");
        session.Connection.Inbound.AddBinary(webSocket, [7]);
        session.Connection.Inbound.EndOfRead();
        Assert.Contains("Take SocketArgument", (await outcome.Task.WaitAsync(Patience)).ToString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Each_attachment_is_bound_by_the_limit_of_a_message_and_their_sum_by_its_own(bool tooBig)
    {
        var size = new TaskCompletionSource<int>(TaskCreationOptions.RunContinuationsAsynchronously);
        var (_, session, webSocket) = await JoinAsync(
            socket => socket.On("two", (byte[] a, byte[] b) => size.TrySetResult(a.Length + b.Length)),
            options => options.MaxAttachmentsSize = tooBig ? 1_100_000 : 10_000_000);
        session.Send("""452-["two",{"_placeholder":true,"num":0},{"_placeholder":true,"num":1}]""");
        session.Connection.Inbound.AddBinary(webSocket, new byte[600_000]);
        Assert.Equal(!tooBig, session.Connection.Inbound.AddBinary(webSocket, new byte[600_000]));
        session.Connection.Inbound.EndOfRead();
        if (tooBig)
            Assert.Equal("close", await webSocket.NextAsync());
        else
            Assert.Equal(1_200_000, await size.Task.WaitAsync(Patience));
    }

    private sealed record Part(JsonElement Rest);

    private sealed record Upload(string Name, byte[] Data);

    [JsonPolymorphic(TypeDiscriminatorPropertyName = "kind")]
    [JsonDerivedType(typeof(Square), "square")]
    private abstract record Shape;

    private sealed record Square(int Side) : Shape;
}
