#pragma once
#include <tao/pegtl.hpp>

// The grammar of expressions. Included by parse.cpp only.
//
//   statements  statement, separated by ';' or line ends
//   statement   [name '='] value
//   value       sum [('<' | '<=' | '>' | '>=' | '==' | '!=') sum]
//   sum         product, joined by '+' '-'
//   product     signed, joined by '*' '/' '@'
//   signed      ('-' | '+') signed | power
//   power       operand [('^' | '**') signed]
//   operand     number | name | name '(' arguments ')' | '(' value ')' | '[' elements ']'
//
// A line may end after an operator, and inside of brackets. Operators copied from a document are
// read, too: · ⋅ × −.

namespace tapewise::lessons::grammar {

using namespace tao::pegtl;

struct value;

struct comment : seq<one<'#'>, star<not_one<'\n'>>> {};
struct blanks : star<blank> {};
/// Inside brackets a line may end.
struct spaces : star<sor<space, comment>> {};
template <class R>
struct token : seq<R, blanks> {};
/// What cannot be the end.
template <class R>
struct joining : seq<R, spaces> {};

struct letter : sor<ranges<'a', 'z', 'A', 'Z', '_'>, utf8::range<0x370, 0x3FF>> {};
struct word : seq<letter, star<sor<letter, digit>>> {};
struct exponent : seq<one<'e', 'E'>, opt<one<'+', '-'>>, plus<digit>> {};
struct number : seq<sor<seq<plus<digit>, opt<one<'.'>, star<digit>>>, seq<one<'.'>, plus<digit>>>,
                    opt<exponent>> {};
struct equals : seq<one<'='>, not_at<one<'='>>> {};

struct name : word {};
struct target : word {};
struct keyword : word {};
struct function : word {};

struct open_call : one<'('> {};
struct close_call : one<')'> {};
struct argument
    : seq<opt<at<word, blanks, equals>, token<keyword>, equals, spaces>, value, spaces> {};
struct arguments : seq<spaces, sor<at<one<')'>>, list<argument, seq<one<','>, spaces>>>> {};
struct call : seq<at<word, blanks, one<'('>>, token<function>, open_call, arguments, close_call> {};

struct open_array : one<'['> {};
struct close_array : one<']'> {};
struct element : seq<value, spaces> {};
struct elements : seq<spaces, sor<at<one<']'>>, list<element, seq<one<','>, spaces>>>> {};
struct array : seq<open_array, elements, close_array> {};

struct close_group : one<')'> {};
struct group : seq<one<'('>, spaces, value, spaces, close_group> {};

struct operand : sor<number, call, name, group, array> {};

struct power_sign : sor<string<'*', '*'>, one<'^'>> {};
struct minus : sor<one<'-'>, utf8::one<0x2212>> {};
struct sign : sor<minus, one<'+'>> {};
struct times : sor<seq<one<'*'>, not_at<one<'*'>>>, utf8::one<0xB7, 0xD7, 0x22C5>> {};
struct product_sign : sor<times, one<'/', '@'>> {};
struct compare_sign
    : sor<string<'<', '='>, string<'>', '='>, string<'=', '='>, string<'!', '='>, one<'<', '>'>> {};
struct sum_sign : sor<minus, one<'+'>> {};

struct signed_value;
struct power_tail : seq<joining<power_sign>, signed_value> {};
struct power : seq<token<operand>, opt<power_tail>> {};
struct sign_of : seq<joining<sign>, signed_value> {};
struct signed_value : sor<sign_of, power> {};
struct product_tail : seq<joining<product_sign>, signed_value> {};
struct product : seq<signed_value, star<product_tail>> {};
struct sum_tail : seq<joining<sum_sign>, product> {};
struct sum : seq<product, star<sum_tail>> {};
struct compare_tail : seq<joining<compare_sign>, sum> {};
struct value : seq<sum, opt<compare_tail>> {};

struct statement_end : sor<one<';'>, eol, at<comment>, eof> {};
struct statement : seq<opt<at<word, blanks, equals>, token<target>, token<equals>>, value> {};
struct skipped : star<sor<space, one<';'>, comment>> {};
struct statements : seq<skipped, until<eof, statement, statement_end, skipped>> {};

}  // namespace tapewise::lessons::grammar
