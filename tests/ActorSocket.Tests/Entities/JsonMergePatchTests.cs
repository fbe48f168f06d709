using System.Globalization;
using System.Text;
using System.Text.Json;
using CsCheck;

namespace ActorSocket.Tests.Entities;

/// <summary>RFC 7396: what a patch makes of a value, and that the patch between two values makes one of the other.</summary>
public sealed class JsonMergePatchTests
{
    private static readonly Gen<string> Name = Gen.OneOfConst("a", "b", "c", "", "x y", "ä\"\\", "😀");

    private static readonly Gen<string> Leaf = Gen.OneOf(
        Gen.OneOfConst("true", "false", "0", "-1.5e300", "{}", "[]", "[null]", "[{\"a\":null}]", "\":null\""),
        Gen.Int.Select(static number => number.ToString(CultureInfo.InvariantCulture)),
        Gen.String.Select(static text => JsonSerializer.Serialize(text))
    );

    /// <summary>Objects whose members come in any order; some are null.</summary>
    private static readonly Gen<string> Json = Gen.Recursive<string>(static (depth, inner) => depth > 4
        ? Leaf
        : Gen.Frequency(
            (1, Leaf),
            (3, MembersOf(Gen.Frequency((5, inner), (1, Gen.Const("null"))))),
            (1, Gen.Frequency((5, inner), (1, Gen.Const("null"))).Array[0, 3].Select(static items => $"[{string.Join(',', items)}]"))));

    private static Gen<string> MembersOf(Gen<string> value) => Gen.Select(Name, value).Array[0, 5].Select(static members =>
        $"{{{string.Join(
            ',', members.DistinctBy(static member => member.Item1, StringComparer.Ordinal)
                .Select(static member => $"{JsonSerializer.Serialize(member.Item1)}:{member.Item2}"))}}}");

    [Theory] // appendix A of the RFC
    [InlineData("""{"a":"b"}""", """{"a":"c"}""", """{"a":"c"}""")]
    [InlineData("""{"a":"b"}""", """{"b":"c"}""", """{"a":"b","b":"c"}""")]
    [InlineData("""{"a":"b"}""", """{"a":null}""", "{}")]
    [InlineData("""{"a":"b","b":"c"}""", """{"a":null}""", """{"b":"c"}""")]
    [InlineData("""{"a":["b"]}""", """{"a":"c"}""", """{"a":"c"}""")]
    [InlineData("""{"a":"c"}""", """{"a":["b"]}""", """{"a":["b"]}""")]
    [InlineData("""{"a":{"b":"c"}}""", """{"a":{"b":"d","c":null}}""", """{"a":{"b":"d"}}""")]
    [InlineData("""{"a":[{"b":"c"}]}""", """{"a":[1]}""", """{"a":[1]}""")]
    [InlineData("""["a","b"]""", """["c","d"]""", """["c","d"]""")]
    [InlineData("""{"a":"b"}""", """["c"]""", """["c"]""")]
    [InlineData("""{"a":"foo"}""", "null", "null")]
    [InlineData("""{"a":"foo"}""", "\"bar\"", "\"bar\"")]
    [InlineData("""{"e":null}""", """{"a":1}""", """{"e":null,"a":1}""")]
    [InlineData("""[1,2]""", """{"a":"b","c":null}""", """{"a":"b"}""")]
    [InlineData("{}", """{"a":{"bb":{"ccc":null}}}""", """{"a":{"bb":{}}}""")]
    public void A_patch_is_applied_as_the_RFC_says(string target, string patch, string result) =>
        Assert.Equal(result, JsonMergePatch.Apply(JsonElement.Parse(target), JsonElement.Parse(patch)).GetRawText());

    [Theory]
    [InlineData("""{"a":1,"b":{"c":2,"d":3}}""", """{"a":1,"b":{"c":2,"d":4}}""", """{"b":{"d":4}}""")]
    [InlineData("""{"a":1,"b":2,"c":3}""", """{"a":1,"c":3,"d":4}""", """{"d":4,"b":null}""")]
    [InlineData("""{"a":[1,2,3]}""", """{"a":[1,2,4]}""", """{"a":[1,2,4]}""")]
    [InlineData("""{"a":{"b":1}}""", """{"a":5}""", """{"a":5}""")]
    [InlineData("""{"a":1}""", """{"a":null}""", """{"a":null}""")]
    [InlineData("""{"a":1}""", """{"b":null,"a":1}""", null)]
    [InlineData("""{"a":{"b":1}}""", "[1]", "[1]")]
    [InlineData("""{"a":{"b":1,"c":2}}""", """{"a":{"c":2,"b":1}}""", """{"a":{}}""")] // another order changes nothing
    [InlineData("""{"a":1}""", """{"a":1}""", null)]
    public void A_patch_has_what_differs(string before, string after, string? patch) =>
        Assert.Equal(patch, JsonMergePatch.Diff(JsonElement.Parse(before), JsonElement.Parse(after))?.GetRawText());

    [Fact]
    public void The_patch_between_two_values_makes_one_of_the_other() => Gen.Select(Json, Json).Sample(static (one, other) =>
    {
        var before = JsonMergePatch.ParseWithoutNulls(Encoding.UTF8.GetBytes(one));
        var after = JsonElement.Parse(other);
        var expected = JsonMergePatch.ParseWithoutNulls(Encoding.UTF8.GetBytes(other));
        foreach (var to in (JsonElement[])[after, expected])
        {
            var patched = JsonMergePatch.Diff(before, to) is { } patch ? JsonMergePatch.Apply(before, patch) : before;
            Assert.True(JsonElement.DeepEquals(expected, patched), $"{before} → {expected}: {patched}");
        }
    });

    [Fact]
    public void What_an_entity_shows_has_no_member_that_is_null_but_in_arrays() => Assert.Equal(
        """{"b":[null,{"c":null}],"d":{}}""",
        JsonMergePatch.ParseWithoutNulls("""{"a":null,"b":[null,{"c":null}],"d":{"e":null}}"""u8).GetRawText());
}
