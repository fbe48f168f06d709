using System.ComponentModel.DataAnnotations;
using System.Runtime.InteropServices;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace ActorSocket.Tests.Sockets;

/// <summary>Arguments are checked by their attributes before a handler runs, where the option says so.</summary>
public sealed class ValidationTests : ServerTest
{
    internal sealed record Line([Required, StringLength(5)] string? Item, [Range(1, 9)] int Count);

    internal sealed record Basket([property: MinLength(1)] Line[] Lines, Dictionary<string, Line>? Gifts = null, Basket? Later = null);

    internal sealed class Person : IValidatableObject
    {
        [Required, Display(Name = "the name")]
        public string? Name { get; set; }

        [JsonPropertyName("e-mail"), EmailAddress]
        public string? Mail { get; set; }

        public DateOnly From { get; set; }

        public DateOnly To { get; set; }

        public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
        {
            if (To < From)
                yield return new ValidationResult("Ends before it begins.", [nameof(From), nameof(To)]);
            if (Name == "nobody")
                yield return new ValidationResult("Is nobody.");
        }
    }

    [JsonDerivedType(typeof(Circle), "circle")]
    internal record Shape;

    internal sealed record Circle([Range(0.0, 1.0)] double Radius) : Shape;

    [StructLayout(LayoutKind.Auto)]
    internal readonly record struct Point([Range(0, 10)] int X, [Range(0, 10)] int Y);

    [Theory]
    [InlineData("""["number",0]""", """{"":["The field number must be between 1 and 6."]}""")]
    [InlineData("""["number"]""", """{"":["The field number must be between 1 and 6."]}""")]
    [InlineData("""["text"]""", """{"":["The text field is required."]}""")]
    [InlineData(
        """["line",{"count":12}]""",
        """{"count":["The field count must be between 1 and 9."],"item":["The item field is required."]}"""
    )]
    [InlineData("""["basket",{"lines":[]}]""", null)]
    [InlineData(
        """["basket",{"lines":[{"item":"a","count":1},{"item":"toolong","count":0}]}]""",
        """{"lines[1].count":["The field count must be between 1 and 9."],"lines[1].item":["The field item must be a string with a maximum length of 5."]}"""
    )]
    [InlineData(
        """["basket",{"lines":[{"item":"a","count":1}],"gifts":{"x":{"item":"a","count":0}},"later":{"lines":[{"count":1}]}}]""",
        """{"gifts[x].count":["The field count must be between 1 and 9."],"later.lines[0].item":["The item field is required."]}"""
    )]
    [InlineData("""["person",{"e-mail":"x"}]""", """{"e-mail":["The e-mail field is not a valid e-mail address."],"name":["The the name field is required."]}""")]
    [InlineData(
        """["person",{"name":"nobody","from":"2026-02-01","to":"2026-01-01"}]""",
        """{"":["Is nobody."],"from":["Ends before it begins."],"to":["Ends before it begins."]}"""
    )]
    [InlineData("""["shape",{"$type":"circle","radius":2}]""", """{"radius":["The field radius must be between 0 and 1."]}""")]
    [InlineData("""["points",[{"x":1,"y":1},{"x":1,"y":11}]]""", """{"[1].y":["The field y must be between 0 and 10."]}""")]
    public async Task What_is_not_valid_is_answered_member_by_member(string packet, string? errors)
    {
        var (_, session, webSocket) = await JoinAsync(Handle, static options => options.ValidateArguments = true);
        session.Send("421" + packet);
        var answer = await webSocket.NextAsync();
        var error = JsonElement.Parse(answer.AsSpan(3).ToString())[0].GetProperty("error");
        Assert.Equal("Argument 1 is not valid.", error.GetProperty("message").GetString());
        Assert.Equal("INVALID_ARGUMENT", error.GetProperty("code").GetString());
        Assert.Equal(1, error.GetProperty("data").GetProperty("argument").GetInt32());
        var faults = error.GetProperty("data").GetProperty("errors");
        if (errors is null)
            Assert.Contains("minimum length", faults.GetProperty("lines")[0].GetString(), StringComparison.Ordinal);
        else
            Assert.Equal(errors, faults.GetRawText());
    }

    [Theory]
    [InlineData("""["number",6]""")]
    [InlineData("""["text","x"]""")]
    [InlineData("""["line",{"item":"abcde","count":9}]""")]
    [InlineData("""["basket",{"lines":[{"item":"a","count":1}],"gifts":{}}]""")]
    [InlineData("""["person",{"name":"Ada","e-mail":"a@b"}]""")]
    [InlineData("""["shape",{"$type":"circle","radius":1}]""")]
    [InlineData("""["points",[]]""")]
    [InlineData("""["points"]""")]
    public async Task What_is_valid_is_handled(string packet)
    {
        var (_, session, webSocket) = await JoinAsync(Handle, static options => options.ValidateArguments = true);
        session.Send("421" + packet);
        Assert.Equal("431[true]", await webSocket.NextAsync());
    }

    [Fact]
    public async Task It_is_an_option()
    {
        var (_, session, webSocket) = await JoinAsync(Handle);
        session.Send("421[\"number\",0]");
        Assert.Equal("431[true]", await webSocket.NextAsync());
    }

    [Fact]
    public async Task The_argument_is_said_and_others_are_not_looked_at_for_nothing()
    {
        var (_, session, webSocket) = await JoinAsync(
            static socket => socket.On("e", static (string plain, Ack ack, [Range(1, 2)] int second, JsonElement any) => ack.Send(plain)),
            static options => options.ValidateArguments = true
        );
        session.Send("421[\"e\",\"x\",3,{}]");
        Assert.Contains("\"Argument 2 is not valid.\"", await webSocket.NextAsync(), StringComparison.Ordinal);
        session.Send("422[\"e\",\"x\",2,{}]");
        Assert.Equal("432[\"x\"]", await webSocket.NextAsync());
    }

    [Fact]
    public async Task A_middleware_sees_a_ValidationException_and_nobody_an_error_of_the_application()
    {
        var errors = new List<Exception>();
        var (_, session, webSocket) = await JoinAsync(socket =>
        {
            Handle(socket);
            socket.OnError(errors.Add);
            socket.Use(static async (e, next) =>
            {
                try
                {
                    await next();
                }
                catch (ValidationException) when (e.Arguments.Count > 1)
                {
                    e.Ack!.Send("caught");
                }
            });
        }, static options => options.ValidateArguments = true);
        session.Send("421[\"number\",0,\"mine\"]");
        Assert.Equal("431[\"caught\"]", await webSocket.NextAsync());
        session.Send("422[\"number\",0]");
        Assert.StartsWith("432[{\"error\"", await webSocket.NextAsync(), StringComparison.Ordinal);
        Assert.IsAssignableFrom<ValidationException>(Assert.Single(errors));
    }

    [Fact]
    public async Task An_answer_names_no_more_than_some_faults()
    {
        var (_, session, webSocket) = await JoinAsync(Handle, static options => options.ValidateArguments = true);
        session.Send($"421[\"points\",[{string.Join(',', Enumerable.Repeat("""{"x":11}""", 1000))}]]");
        var answer = await webSocket.NextAsync();
        Assert.Equal(
            32,
            JsonElement.Parse(answer.AsSpan(3).ToString())[0]
                .GetProperty("error").GetProperty("data").GetProperty("errors").EnumerateObject().Count()
        );
    }

    private static void Handle(Socket socket)
    {
        socket.On("number", static ([Range(1, 6)] int number) => true);
        socket.On("text", static ([Required] string text) => true);
        socket.On("line", static (Line line) => true);
        socket.On("basket", static (Basket basket) => true);
        socket.On("person", static (Person person) => true);
        socket.On("shape", static (Shape shape) => true);
        socket.On("points", static (List<Point>? points) => true);
    }
}
