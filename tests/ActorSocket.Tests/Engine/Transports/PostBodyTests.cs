using System.IO.Pipelines;
using System.Text;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Core.Features;
using ActorSocket.Transports;

namespace ActorSocket.Tests.Engine.Transports;

public sealed class PostBodyTests : ServerTest
{
    [Theory]
    [InlineData(20, "HTTP/1.1", 20.0)]
    [InlineData(0, "HTTP/1.1", null)]
    [InlineData(20, "HTTP/2", 240.0)] // Kestrel's own, which a request cannot change there
    public async Task A_body_may_come_as_slowly_as_the_options_say(int option, string protocol, double? expected)
    {
        var rate = new Rate { MinDataRate = new MinDataRate(240, TimeSpan.FromSeconds(5)) };
        var context = NewContext(protocol);
        context.Features.Set<IHttpMinRequestBodyDataRateFeature>(rate);
        var body = await new PollingTransport(NewServer(o => o.MinPostDataRate = option).Engine).ReadAsync(context);
        Assert.Equal("42[1]", Encoding.UTF8.GetString(body!.Value.Bytes));
        body.Value.Release();
        Assert.Equal(expected, rate.MinDataRate?.BytesPerSecond);
        if (expected is 20)
            Assert.Equal(TimeSpan.FromSeconds(30), rate.MinDataRate!.GracePeriod);
    }

    [Theory]
    [InlineData(8)]
    [InlineData(2)] // less than has come of it: it was compressed
    public async Task What_lies_in_the_connection_is_no_part_of_a_body_that_the_application_has_put_in_front(int length)
    {
        var (body, connection) = (new Pipe(), new Pipe());
        await connection.Writer.WriteAsync("rest"u8.ToArray());
        await body.Writer.WriteAsync("42[1"u8.ToArray());
        var context = NewContext("HTTP/1.1");
        context.Request.ContentLength = length;
        context.Features.Set<IRequestBodyPipeFeature>(new Body(body.Reader));
        context.Features.Set<IConnectionTransportFeature>(new Connection(connection.Reader));
        var reading = PostBody.ReadAsync(context, NewServer().Engine, null, null).AsTask();
        await body.Writer.CompleteAsync(new Microsoft.AspNetCore.Http.BadHttpRequestException("It has ended.", 400));
        Assert.True(PostBody.IsCut(await Assert.ThrowsAsync<Microsoft.AspNetCore.Http.BadHttpRequestException>(() => reading)));
        Assert.Equal(4, connection.Reader.TryRead(out var left) ? left.Buffer.Length : 0);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_server_that_stops_waits_for_a_body_that_comes_and_not_for_one_that_stands_still(bool moves)
    {
        var server = NewServer();
        var body = new Pipe(new PipeOptions(pauseWriterThreshold: 1, resumeWriterThreshold: 1)); // a write waits until it is taken
        var context = NewContext("HTTP/1.1");
        var request = new Lifetime();
        context.Features.Set<IRequestBodyPipeFeature>(new Body(body.Reader));
        context.Features.Set<IHttpRequestLifetimeFeature>(request);
        var reading = PostBody.ReadAsync(context, server.Engine, null, null).AsTask();
        await body.Writer.WriteAsync("4"u8.ToArray());
        Clock.Advance(TimeSpan.FromSeconds(5)); // the server goes on: the rate is what counts
        Assert.False(request.IsAborted);

        server.Engine.BeginDraining();
        Clock.Advance(TimeSpan.FromSeconds(0.9));
        Assert.False(request.IsAborted);
        for (var i = 0; moves && i < 5; i++)
        {
            await body.Writer.WriteAsync("2"u8.ToArray());
            Clock.Advance(TimeSpan.FromSeconds(1));
            Assert.False(request.IsAborted);
        }
        if (!moves)
        {
            Clock.Advance(TimeSpan.FromSeconds(0.1)); // the first byte came a moment before the stop
            Clock.Advance(TimeSpan.FromSeconds(1));
            Assert.True(request.IsAborted);
        }
        await body.Writer.CompleteAsync();
        Assert.Equal(moves ? "422222" : "4", Encoding.UTF8.GetString((await reading)!.Value.Bytes));
        request.IsAborted = false;
        Clock.Advance(TimeSpan.FromSeconds(5));
        Assert.False(request.IsAborted); // the context may be another request's by now
    }

    private static DefaultHttpContext NewContext(string protocol)
    {
        var context = new DefaultHttpContext();
        context.Request.Protocol = protocol;
        context.Features.Set<IRequestBodyPipeFeature>(new Body(PipeReader.Create(new MemoryStream("42[1]"u8.ToArray()))));
        return context;
    }

    private sealed class Body(PipeReader reader) : IRequestBodyPipeFeature
    {
        public PipeReader Reader => reader;
    }

    private sealed class Connection(PipeReader input) : IConnectionTransportFeature, IDuplexPipe
    {
        public IDuplexPipe Transport { get => this; set => throw new NotSupportedException(); }

        public PipeReader Input => input;

        public PipeWriter Output => throw new NotSupportedException();
    }

    private sealed class Lifetime : IHttpRequestLifetimeFeature
    {
        public bool IsAborted { get; set; }

        public CancellationToken RequestAborted { get; set; }

        public void Abort() => IsAborted = true;
    }

    private sealed class Rate : IHttpMinRequestBodyDataRateFeature
    {
        public MinDataRate? MinDataRate { get; set; }
    }
}
